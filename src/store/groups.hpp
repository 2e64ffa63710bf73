// Groups, members and requests to join in their tables: the reading functions of GroupStore, on a
// connection. Thread: the connection's.
#pragma once

#include "connection.hpp"
#include "tail.hpp"

#include "linnet/store/group_types.hpp"

#include <optional>
#include <vector>

namespace linnet::store {

// Error: kGroupNotExist, or the store's.
Result<Group> get_group(Connection& db, GroupId group);
Result<std::optional<Member>> get_member(Connection& db, GroupId group, UserId user);
Result<std::vector<UserId>> member_ids(Connection& db, GroupId group);
// Without the head and what is told to a decision alone. Error: kGroupNotExist.
Result<GroupView> view_group(Connection& db, GroupId group, const std::vector<UserId>& persons);
// Adds what is told to a decision. `groups_per_user`: 0 for no limit.
Status look_closer(Connection& db, GroupView& view, std::size_t groups_per_user);
// Whether `user` is in `most` groups or more, with those that it has asked to join; `most` 0: no.
Result<bool> in_most_groups(Connection& db, UserId user, std::size_t most);

Result<std::vector<Member>> group_members(Connection& db, GroupId group, UserId after,
                                          std::size_t limit);
Result<std::vector<JoinRequest>> join_requests(Connection& db, GroupId group, UserId after,
                                               std::size_t limit);
Result<std::vector<Membership>> user_groups(Connection& db, const Tail& tail, UserId user,
                                            GroupId after, std::size_t limit);
Result<std::vector<GroupId>> large_groups(Connection& db, UserId user);
Result<InboxPage> read_group(Connection& db, const Tail& tail, GroupId group, UserId reader,
                             Seq after, PageLimit limit);
Result<Audience> audience(Connection& db, GroupId group, UserId sender, Millis now);

// Whether a member may write now. Error: kMuted.
Status check_may_write(std::int32_t role, Millis muted_until, Millis group_muted_until, Millis now);

}  // namespace linnet::store
