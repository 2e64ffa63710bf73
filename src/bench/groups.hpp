// Groups with members, made by calls.
#pragma once

#include "pb/logic.ext.pb.h"
#include "peer.hpp"

#include <cstdint>
#include <vector>

namespace linnet::bench {

// Group g has the users from g * members on; the first of them owns it. `users` outlive it.
class Groups {
 public:
  // As many groups as there are users for. Throws when a call is refused.
  Groups(const Address& http, const std::vector<Account>& users, std::size_t members,
         pb::GroupType type = pb::GT_SMALL);

  std::size_t count() const { return ids_.size(); }
  // The group that sender number so and so sends to, and as whom: another member for each.
  std::size_t group_of(std::size_t sender) const { return sender % count(); }
  const Account& member(std::size_t sender) const;
  std::int64_t id(std::size_t group) const { return ids_[group]; }

  // Sends until the inboxes have `entries` more in all, or a few more than that.
  void send(const Address& http, std::size_t entries, std::size_t payload) const;

 private:
  void make(const Address& http, pb::GroupType type);
  void fill(const Address& http);

  const std::vector<Account>& users_;
  std::size_t members_;
  std::vector<std::int64_t> ids_;
};

}  // namespace linnet::bench
