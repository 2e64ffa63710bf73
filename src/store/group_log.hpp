// Writes groups inside the writer's transaction: makes and edits them, and appends messages to
// them, with what appending needs to know of small groups kept in memory.
#pragma once

#include "connection.hpp"
#include "message_log.hpp"

#include "linnet/store/group_types.hpp"

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace linnet::store {

// Thread: the writer's.
class GroupLog {
 public:
  // `groups_per_user`: 0 for no limit.
  GroupLog(Connection& db, MessageLog& log, const Clock& clock, std::size_t groups_per_user)
      : db_(db), log_(log), clock_(clock), groups_per_user_(groups_per_user) {}

  // As GroupStore's functions of these names. The first two write several rows, the third at most
  // one.
  Result<GroupId> create(const Group& group, const std::vector<Member>& members);
  Result<GroupEdited> edit(GroupId group, const std::vector<UserId>& persons,
                           const GroupDecision& decide);
  Result<GroupAppended> append(GroupId group, Message message);
  Status mark_read(GroupId group, UserId user, Seq seq);

 private:
  struct Writer {
    UserId user;
    std::int32_t role = 0;
    Millis muted_until;
  };
  // What appending needs to know; of a large group without its members.
  struct Known {
    std::int32_t type = 0;
    Millis muted_until;
    std::vector<Writer> members;  // ascending by user
  };

  Result<const Known*> know(GroupId group);
  Result<Known> load(GroupId group);
  bool changing(GroupId group);
  void note_change(GroupId group);
  Status check_sender(GroupId group, const Known& known, UserId sender);
  // As MessageLog::refuse().
  Result<GroupAppended> refuse(const Message& message, const Error& why);

  Status put(GroupId group, const Member& member);
  Status remove(GroupId group, UserId user);
  Status apply(GroupView& view, const GroupEdit& edit, GroupEdited& edited);
  Status apply_members(GroupView& view, const GroupEdit& edit, GroupEdited& edited);
  Status apply_requests(GroupId group, const GroupEdit& edit);
  Status grow(const GroupView& view, GroupEdited& edited);
  Status update(const Group& group);
  Status dissolve(GroupId group);
  Status append_one(NewMessage message, GroupEdited& edited);
  Status append_notice(const GroupNotice& notice, const std::vector<UserId>& members,
                       GroupEdited& edited);

  Connection& db_;
  MessageLog& log_;
  const Clock& clock_;
  std::size_t groups_per_user_;
  std::unordered_map<GroupId, Known> known_;
  std::size_t known_members_ = 0;
  Known uncertain_;  // the last one loaded of a group that is being changed
  // Groups changed since the last commit: what is read of them may yet be undone.
  std::unordered_set<GroupId> changing_;
  std::uint64_t changing_since_ = 0;
};

}  // namespace linnet::store
