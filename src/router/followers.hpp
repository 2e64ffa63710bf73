// Which slots of one shard follow which groups.
#pragma once

#include "linnet/base/ids.hpp"

#include <cstddef>
#include <unordered_map>
#include <vector>

namespace linnet::router {

// Each costs the same however many follow a group, and however many one follows. Thread: the
// shard's.
class Followers {
 public:
  // Adding what is there and removing what is not changes nothing.
  void add(std::size_t slot, GroupId group);
  void remove(std::size_t slot, GroupId group);
  void remove_all(std::size_t slot);
  void remove_group(GroupId group);
  const std::vector<std::size_t>& of(GroupId group) const;

 private:
  void take_from_group(GroupId group, std::size_t place);

  std::unordered_map<GroupId, std::vector<std::size_t>> groups_;
  // By slot and group: the slot's place in the group's list.
  std::unordered_map<std::size_t, std::unordered_map<GroupId, std::size_t>> slots_;
};

}  // namespace linnet::router
