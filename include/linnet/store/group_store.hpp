// The part of the store's seam that keeps groups; see store.hpp for what holds for every method.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/store/group_types.hpp"

#include <vector>

namespace linnet::store {

class GroupStore {
 public:
  virtual ~GroupStore() = default;

  // Makes a group with its first members; `group.id` and `group.members` are ignored. Errors:
  // kUserNotExist (one of them was erased), kTooManyGroups (one of them is in as many as may be).
  virtual void create_group(Group group, std::vector<Member> members, Done<GroupId> done) = 0;
  // Shows `decide` the group with the given persons (unique), and carries out what it decides, all
  // or nothing, in one transaction; the notices are appended in their order. Completions come in
  // commit order with those of append() and append_to_group(). Errors: kGroupNotExist, and those
  // of `decide`.
  virtual void edit_group(GroupId group, std::vector<UserId> persons, GroupDecision decide,
                          Done<GroupEdited> done) = 0;
  // Appends a message to a group: a small one's goes to the inbox of every member and to the
  // group's own, a large one's to the group's own. A sender of type ST_USER must be a member and
  // not muted. receiver_type is set to what the group is. Retries and order as in append(). Errors:
  // kGroupNotExist, kIsNotInGroup, kMuted.
  virtual void append_to_group(GroupId group, Message message, Done<GroupAppended> done) = 0;
  // Who would get a message of `sender` (0: the server). Errors: as append_to_group().
  virtual void audience(GroupId group, UserId sender, Done<Audience> done) = 0;

  // The group with the given persons. Error: kGroupNotExist.
  virtual void view_group(GroupId group, std::vector<UserId> persons, Done<GroupView> done) = 0;
  // Ascending by user, after `after`, at most `limit`; likewise the next two.
  virtual void group_members(GroupId group, UserId after, std::size_t limit,
                             Done<std::vector<Member>> done) = 0;
  virtual void join_requests(GroupId group, UserId after, std::size_t limit,
                             Done<std::vector<JoinRequest>> done) = 0;
  virtual void user_groups(UserId user, GroupId after, std::size_t limit,
                           Done<std::vector<Membership>> done) = 0;

  // The group's own inbox from after+1 on, as far as `reader` may read it: entries begin after
  // `after` or the member's visible_after, whichever is later; and when `after` is beyond the head,
  // after what the member has read. Errors: kGroupNotExist, kIsNotInGroup.
  virtual void read_group(GroupId group, UserId reader, Seq after, PageLimit limit,
                          Done<InboxPage> done) = 0;
  // Notes that `user` has read the group's inbox up to `seq`. Never lowers; a seq over the head
  // counts as the head. Error: kIsNotInGroup.
  virtual void mark_read(GroupId group, UserId user, Seq seq, Done<Unit> done) = 0;

  // The large groups of `user`.
  virtual void large_groups(UserId user, Done<std::vector<GroupId>> done) = 0;
  // The same, completed in commit order with the edits.
  virtual void large_groups_in_order(UserId user, Done<std::vector<GroupId>> done) = 0;
};

}  // namespace linnet::store
