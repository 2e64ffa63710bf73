// Groups' calls that change a group: what may be done is decided by group_rules.hpp.
#include "deliver.hpp"
#include "group_rules.hpp"
#include "mutes.hpp"
#include "pb/logic.ext.pb.h"
#include "profiles.hpp"
#include "texts.hpp"

#include "linnet/logic/groups.hpp"

#include <algorithm>

namespace linnet::logic {
namespace {

using store::GroupDecision;
using store::GroupEdited;
using store::GroupView;

constexpr int kAddedAtOnce = 1000;

Error not_oneself() {
  return Error(ErrCode::kBadRequest, "user_id: another user");
}

// Whoever acts, and whom it concerns unless that is the same.
std::vector<UserId> persons_of(UserId self, UserId other) {
  std::vector<UserId> persons;
  persons.push_back(self);
  if (other != self) persons.push_back(other);
  return persons;
}

}  // namespace

Async<GroupEdited> Groups::edit(GroupId group, std::vector<UserId> persons, GroupDecision decide) {
  auto edited = co_await wait_for<GroupEdited>([&](Done<GroupEdited> done) {
    store_.edit_group(group, std::move(persons), std::move(decide),
                      tell_then(router_, std::move(done)));
  });
  co_return edited;
}

// Lets `rule` decide for a view of the caller and, if it is somebody else, `other`.
template <class Response, class Rule>
Async<Response> Groups::act(const user::Caller& caller, std::int64_t group, UserId other,
                            const Rule& rule) {
  auto self = co_await profile(store_, people_, caller.identity.user);
  if (!self) co_return self.take_error();
  const Doer doer{caller.identity.user, std::move(self->nickname), clock_.wall()};
  GroupDecision decide = [&rule, &doer](const GroupView& view) { return rule(view, doer); };
  auto persons = persons_of(doer.user, other);
  auto edited = co_await edit(GroupId(group), std::move(persons), std::move(decide));
  if (!edited) co_return edited.take_error();
  co_return Response();
}

Async<pb::UpdateGroupResp> Groups::update(const user::Caller& caller,
                                          const pb::UpdateGroupReq& request) {
  auto checked = check_group_texts(request);
  if (!checked) co_return checked.take_error();
  const auto rule = [&request](const GroupView& view, const Doer& doer) {
    return update_group(view, doer, request);
  };
  co_return co_await act<pb::UpdateGroupResp>(caller, request.group_id(), caller.identity.user,
                                              rule);
}

Async<pb::SetGroupSettingsResp> Groups::set_settings(const user::Caller& caller,
                                                     const pb::SetGroupSettingsReq& request) {
  if (!pb::JoinMode_IsValid(request.join_mode()))
    co_return Error(ErrCode::kBadRequest, "join_mode: JM_INVITATION, JM_APPROVAL or JM_OPEN");
  const auto rule = [&request](const GroupView& view, const Doer& doer) {
    return change_settings(view, doer, request);
  };
  co_return co_await act<pb::SetGroupSettingsResp>(caller, request.group_id(), caller.identity.user,
                                                   rule);
}

Async<pb::MuteGroupResp> Groups::mute(const user::Caller& caller, const pb::MuteGroupReq& request) {
  auto until = mute_end(request.seconds(), clock_.wall());
  if (!until) co_return until.take_error();
  const auto rule = [&until](const GroupView& view, const Doer& doer) {
    return mute_group(view, doer, *until);
  };
  co_return co_await act<pb::MuteGroupResp>(caller, request.group_id(), caller.identity.user, rule);
}

Async<pb::GrowGroupResp> Groups::grow(const user::Caller& caller, const pb::GrowGroupReq& request) {
  co_return co_await act<pb::GrowGroupResp>(caller, request.group_id(), caller.identity.user,
                                            grow_group);
}

Async<pb::DeleteGroupResp> Groups::dissolve(const user::Caller& caller,
                                            const pb::DeleteGroupReq& request) {
  co_return co_await act<pb::DeleteGroupResp>(caller, request.group_id(), caller.identity.user,
                                              dissolve_group);
}

Async<pb::DeleteGroupMemberResp> Groups::remove_member(const user::Caller& caller,
                                                       const pb::DeleteGroupMemberReq& request) {
  co_return co_await act<pb::DeleteGroupMemberResp>(
      caller, request.group_id(), UserId(request.user_id()), logic::remove_member);
}

Async<pb::LeaveGroupResp> Groups::leave(const user::Caller& caller,
                                        const pb::LeaveGroupReq& request) {
  co_return co_await act<pb::LeaveGroupResp>(caller, request.group_id(), caller.identity.user,
                                             logic::remove_member);
}

Async<pb::SetGroupRoleResp> Groups::set_role(const user::Caller& caller,
                                             const pb::SetGroupRoleReq& request) {
  if (request.role() != pb::GR_MEMBER && request.role() != pb::GR_ADMIN)
    co_return Error(ErrCode::kBadRequest, "role: GR_MEMBER or GR_ADMIN; see TransferGroup");
  const UserId other(request.user_id());
  if (other == caller.identity.user) co_return not_oneself();
  const auto rule = [&request](const GroupView& view, const Doer& doer) {
    return logic::set_role(view, doer, request.role());
  };
  co_return co_await act<pb::SetGroupRoleResp>(caller, request.group_id(), other, rule);
}

Async<pb::TransferGroupResp> Groups::transfer(const user::Caller& caller,
                                              const pb::TransferGroupReq& request) {
  const UserId other(request.user_id());
  if (other == caller.identity.user) co_return not_oneself();
  co_return co_await act<pb::TransferGroupResp>(caller, request.group_id(), other, transfer_group);
}

Async<pb::UpdateGroupMemberResp> Groups::update_member(const user::Caller& caller,
                                                       const pb::UpdateGroupMemberReq& request) {
  auto checked = check_notes(request.remarks(), request.extra());
  if (!checked) co_return checked.take_error();
  const auto rule = [&request](const GroupView& view, const Doer&) {
    return note_member(view, request.remarks(), request.extra());
  };
  co_return co_await act<pb::UpdateGroupMemberResp>(caller, request.group_id(),
                                                    UserId(request.user_id()), rule);
}

Async<pb::MuteGroupMemberResp> Groups::mute_member(const user::Caller& caller,
                                                   const pb::MuteGroupMemberReq& request) {
  auto until = mute_end(request.seconds(), clock_.wall());
  if (!until) co_return until.take_error();
  const UserId other(request.user_id());
  if (other == caller.identity.user) co_return not_oneself();
  const auto rule = [&until](const GroupView& view, const Doer&) {
    return logic::mute_member(view, *until);
  };
  co_return co_await act<pb::MuteGroupMemberResp>(caller, request.group_id(), other, rule);
}

Async<pb::AnswerJoinRequestResp> Groups::answer_request(const user::Caller& caller,
                                                        const pb::AnswerJoinRequestReq& request) {
  const UserId asker(request.user_id());
  if (asker == caller.identity.user) co_return not_oneself();
  std::vector<UserId> askers;
  askers.push_back(asker);
  auto known = co_await profiles(store_, people_, askers);
  if (!known) co_return known.take_error();
  if (request.accept() && known->empty()) co_return Error(ErrCode::kUserNotExist);
  const auto rule = [&](const GroupView& view, const Doer& doer) {
    return logic::answer_request(view, doer, request.accept(), *known, options_);
  };
  co_return co_await act<pb::AnswerJoinRequestResp>(caller, request.group_id(), asker, rule);
}

Async<pb::AddGroupMembersResp> Groups::add_members(const user::Caller& caller,
                                                   const pb::AddGroupMembersReq& request) {
  if (request.user_ids_size() < 1 || request.user_ids_size() > kAddedAtOnce)
    co_return Error(ErrCode::kBadRequest,
                    "user_ids: 1 to " + std::to_string(kAddedAtOnce) + " users");
  std::vector<UserId> users;
  for (auto id : request.user_ids())
    users.emplace_back(id);
  std::sort(users.begin(), users.end());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  auto known = co_await profiles(store_, people_, users);
  if (!known) co_return known.take_error();
  for (auto user : users) {
    if (!known->contains(user))
      co_return Error(ErrCode::kUserNotExist,
                      "there is no user " + std::to_string(user.value()) + "; nobody was added");
  }
  const auto self = caller.identity.user;
  auto own = co_await profile(store_, people_, self);
  if (!own) co_return own.take_error();
  const Doer doer{self, std::move(own->nickname), clock_.wall()};
  GroupDecision decide = [&](const GroupView& view) {
    return logic::add_members(view, doer, *known, options_);
  };
  std::erase(users, self);
  auto persons = users;
  persons.insert(persons.begin(), self);
  auto edited = co_await edit(GroupId(request.group_id()), std::move(persons), std::move(decide));
  if (!edited) co_return edited.take_error();
  pb::AddGroupMembersResp response;
  std::sort(edited->added.begin(), edited->added.end());
  for (const auto& [user, one] : *known) {
    if (!std::binary_search(edited->added.begin(), edited->added.end(), user))
      response.add_user_ids(user.value());
  }
  co_return response;
}

Async<pb::JoinGroupResp> Groups::join(const user::Caller& caller, const pb::JoinGroupReq& request) {
  auto checked = check_text("text", request.text(), kDescriptionBytes);
  if (!checked) co_return checked.take_error();
  const auto self = caller.identity.user;
  auto persons = persons_of(self, self);
  auto known = co_await profiles(store_, people_, persons);
  if (!known) co_return known.take_error();
  const auto own = known->find(self);
  if (own == known->end()) co_return Error(ErrCode::kUnauthorized);
  const Doer doer{self, own->second.nickname, clock_.wall()};
  bool joined = false;
  GroupDecision decide = [&](const GroupView& view) {
    joined = view.persons.front().member || view.group.join_mode == pb::JM_OPEN;
    return join_group(view, doer, request.text(), *known, options_);
  };
  auto edited = co_await edit(GroupId(request.group_id()), std::move(persons), std::move(decide));
  if (!edited) co_return edited.take_error();
  pb::JoinGroupResp response;
  response.set_joined(joined);
  co_return response;
}

}  // namespace linnet::logic
