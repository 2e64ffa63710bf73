// Which slots of one shard follow which groups.
#pragma once

#include "linnet/base/ids.hpp"

#include <cstddef>
#include <unordered_map>
#include <vector>

namespace linnet::router {

// Adding, removing and finding cost a look at the few groups of one slot, however many follow a
// group. Thread: the shard's.
class Followers {
 public:
  // Adding what is there and removing what is not changes nothing.
  void add(std::size_t slot, GroupId group);
  void remove(std::size_t slot, GroupId group);
  void remove_all(std::size_t slot);
  void remove_group(GroupId group);
  const std::vector<std::size_t>& of(GroupId group) const;

 private:
  struct Place {
    GroupId group;
    std::size_t index;  // in the group's list
  };
  Place* find(std::size_t slot, GroupId group);
  void take_from_group(const Place& place);

  std::unordered_map<GroupId, std::vector<std::size_t>> groups_;
  std::unordered_map<std::size_t, std::vector<Place>> slots_;
};

}  // namespace linnet::router
