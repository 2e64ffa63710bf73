// Groups: making and changing them, their members, and reading what was said in them.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/router/router.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/directory.hpp"
#include "linnet/user/identity.hpp"

#include <cstddef>
#include <vector>

namespace pb {
class AckGroupReq;
class AckGroupResp;
class AddGroupMembersReq;
class AddGroupMembersResp;
class AnswerJoinRequestReq;
class AnswerJoinRequestResp;
class CreateGroupReq;
class CreateGroupResp;
class DeleteGroupMemberReq;
class DeleteGroupMemberResp;
class DeleteGroupReq;
class DeleteGroupResp;
class GetGroupMembersReq;
class GetGroupMembersResp;
class GetGroupReq;
class GetGroupResp;
class GetJoinRequestsReq;
class GetJoinRequestsResp;
class GetUserGroupsReq;
class GetUserGroupsResp;
class GrowGroupReq;
class GrowGroupResp;
class JoinGroupReq;
class JoinGroupResp;
class LeaveGroupReq;
class LeaveGroupResp;
class MuteGroupMemberReq;
class MuteGroupMemberResp;
class MuteGroupReq;
class MuteGroupResp;
class SetGroupRoleReq;
class SetGroupRoleResp;
class SetGroupSettingsReq;
class SetGroupSettingsResp;
class SyncGroupReq;
class SyncGroupResp;
class TransferGroupReq;
class TransferGroupResp;
class UpdateGroupMemberReq;
class UpdateGroupMemberResp;
class UpdateGroupReq;
class UpdateGroupResp;
}  // namespace pb

namespace linnet::logic {

struct GroupOptions {
  std::size_t small_members = 500;  // a message to a small group is an entry for each
  std::size_t large_members = 1'000'000;
};

// What a call does stands at its rpc in proto/pb/logic.ext.proto. Errors of all: kGroupNotExist,
// kIsNotInGroup (the caller, or a user who has to be a member), kBadRequest (a text too long, a
// number out of range), and those of the store. Further errors stand at the function. Thread: any.
class Groups {
 public:
  Groups(store::Store& store, user::Directory& people, router::Router& router, const Clock& clock,
         GroupOptions options)
      : store_(store), people_(people), router_(router), clock_(clock), options_(options) {}

  // Error: kTooManyGroups.
  Async<pb::CreateGroupResp> create(const user::Caller& caller, const pb::CreateGroupReq& request);
  Async<pb::GetGroupResp> get(const user::Caller& caller, const pb::GetGroupReq& request);
  Async<pb::GetUserGroupsResp> list(const user::Caller& caller,
                                    const pb::GetUserGroupsReq& request);
  Async<pb::GetGroupMembersResp> members(const user::Caller& caller,
                                         const pb::GetGroupMembersReq& request);
  // Error: kForbidden.
  Async<pb::GetJoinRequestsResp> join_requests(const user::Caller& caller,
                                               const pb::GetJoinRequestsReq& request);
  Async<pb::SyncGroupResp> sync(const user::Caller& caller, const pb::SyncGroupReq& request);
  Async<pb::AckGroupResp> acknowledge(const user::Caller& caller, const pb::AckGroupReq& request);

  // Every member hears of these by a command among the group's messages. Error: kForbidden.
  Async<pb::UpdateGroupResp> update(const user::Caller& caller, const pb::UpdateGroupReq& request);
  Async<pb::SetGroupSettingsResp> set_settings(const user::Caller& caller,
                                               const pb::SetGroupSettingsReq& request);
  Async<pb::MuteGroupResp> mute(const user::Caller& caller, const pb::MuteGroupReq& request);
  Async<pb::GrowGroupResp> grow(const user::Caller& caller, const pb::GrowGroupReq& request);
  Async<pb::DeleteGroupResp> dissolve(const user::Caller& caller,
                                      const pb::DeleteGroupReq& request);
  Async<pb::DeleteGroupMemberResp> remove_member(const user::Caller& caller,
                                                 const pb::DeleteGroupMemberReq& request);
  Async<pb::LeaveGroupResp> leave(const user::Caller& caller, const pb::LeaveGroupReq& request);
  Async<pb::SetGroupRoleResp> set_role(const user::Caller& caller,
                                       const pb::SetGroupRoleReq& request);
  Async<pb::TransferGroupResp> transfer(const user::Caller& caller,
                                        const pb::TransferGroupReq& request);
  // Errors: kForbidden, kGroupFull, kUserNotExist.
  Async<pb::AddGroupMembersResp> add_members(const user::Caller& caller,
                                             const pb::AddGroupMembersReq& request);
  // Errors: kJoinClosed, kGroupFull, kTooManyGroups.
  Async<pb::JoinGroupResp> join(const user::Caller& caller, const pb::JoinGroupReq& request);
  // Errors: kForbidden, kGroupFull, kUserNotExist.
  Async<pb::AnswerJoinRequestResp> answer_request(const user::Caller& caller,
                                                  const pb::AnswerJoinRequestReq& request);

  // Nobody is told of these. Error: kForbidden.
  Async<pb::UpdateGroupMemberResp> update_member(const user::Caller& caller,
                                                 const pb::UpdateGroupMemberReq& request);
  Async<pb::MuteGroupMemberResp> mute_member(const user::Caller& caller,
                                             const pb::MuteGroupMemberReq& request);

 private:
  // Carries out what `decide` says, tells the connected devices in commit order, then completes.
  Async<store::GroupEdited> edit(GroupId group, std::vector<UserId> persons,
                                 store::GroupDecision decide);
  template <class Response, class Rule>
  Async<Response> act(const user::Caller& caller, std::int64_t group, UserId other,
                      const Rule& rule);
  Async<store::GroupView> view(GroupId group, UserId user);

  store::Store& store_;
  user::Directory& people_;
  router::Router& router_;
  const Clock& clock_;
  GroupOptions options_;
};

}  // namespace linnet::logic
