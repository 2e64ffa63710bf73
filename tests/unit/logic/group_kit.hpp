// A group of the fixture's users, and the calls about it as plain functions.
#pragma once

#include "logic_kit.hpp"

#include <string>
#include <vector>

namespace linnet::logic {

// A group owned by user 1, with 2 as administrator and 3 as member; 4 and 5 are outside.
struct GroupFixture : Fixture {
  GroupFixture() : group(make(pb::GT_SMALL)) {}

  std::int64_t make(pb::GroupType type) {
    pb::CreateGroupReq create;
    create.set_name("a group");
    create.set_type(type);
    auto made = test::run(groups.create(as(1), create));
    REQUIRE(made);
    const auto id = made->group_id();
    REQUIRE(add(id, 1, {2, 3}));
    REQUIRE(set_role(id, 1, 2, pb::GR_ADMIN));
    router.delivered.clear();
    router.to_groups.clear();
    return id;
  }
  Result<pb::AddGroupMembersResp> add(std::int64_t to, std::int64_t who,
                                      const std::vector<std::int64_t>& users) {
    pb::AddGroupMembersReq request;
    request.set_group_id(to);
    for (auto user : users)
      request.add_user_ids(user);
    return test::run(groups.add_members(as(who), request));
  }
  Result<pb::SetGroupRoleResp> set_role(std::int64_t of, std::int64_t who, std::int64_t user,
                                        pb::GroupRole role) {
    pb::SetGroupRoleReq request;
    request.set_group_id(of);
    request.set_user_id(user);
    request.set_role(role);
    return test::run(groups.set_role(as(who), request));
  }
  Result<pb::SetGroupSettingsResp> settings(std::int64_t who, pb::SetGroupSettingsReq request) {
    request.set_group_id(group);
    return test::run(groups.set_settings(as(who), request));
  }
  Result<pb::DeleteGroupMemberResp> remove(std::int64_t who, std::int64_t user) {
    pb::DeleteGroupMemberReq request;
    request.set_group_id(group);
    request.set_user_id(user);
    return test::run(groups.remove_member(as(who), request));
  }
  Result<pb::JoinGroupResp> join(std::int64_t who) {
    pb::JoinGroupReq request;
    request.set_group_id(group);
    request.set_text("please");
    return test::run(groups.join(as(who), request));
  }
  Result<pb::AnswerJoinRequestResp> answer(std::int64_t who, std::int64_t user, bool accept) {
    pb::AnswerJoinRequestReq request;
    request.set_group_id(group);
    request.set_user_id(user);
    request.set_accept(accept);
    return test::run(groups.answer_request(as(who), request));
  }
  Result<pb::MuteGroupMemberResp> mute_member(std::int64_t who, std::int64_t user,
                                              std::int64_t seconds) {
    pb::MuteGroupMemberReq request;
    request.set_group_id(group);
    request.set_user_id(user);
    request.set_seconds(seconds);
    return test::run(groups.mute_member(as(who), request));
  }
  template <class Request, class Response>
  ErrCode simple(Async<Response> (Groups::*call)(const user::Caller&, const Request&),
                 std::int64_t who) {
    Request request;
    request.set_group_id(group);
    return test::run((groups.*call)(as(who), request)).code();
  }
  Result<pb::SendMessageResp> say(std::int64_t who, std::int64_t to = 0,
                                  pb::ReceiverType type = pb::RT_NORMAL_GROUP) {
    return test::run(messages.send(as(who), message_to(type, to == 0 ? group : to)));
  }
  Result<pb::SyncGroupResp> sync(std::int64_t who, std::int64_t of, std::int64_t after = 0,
                                 int limit = 0) {
    pb::SyncGroupReq request;
    request.set_group_id(of);
    request.set_seq(after);
    request.set_limit(limit);
    return test::run(groups.sync(as(who), request));
  }
  pb::Group seen_by(std::int64_t who) {
    auto all = test::run(groups.list(as(who), pb::GetUserGroupsReq()));
    REQUIRE(all);
    for (const auto& one : all->groups())
      if (one.group_id() == group) return one;
    return {};
  }
  std::vector<std::int64_t> members_seen_by(std::int64_t who) {
    pb::GetGroupMembersReq request;
    request.set_group_id(group);
    auto found = test::run(groups.members(as(who), request));
    REQUIRE(found);
    std::vector<std::int64_t> users;
    for (const auto& one : found->members())
      users.push_back(one.user_id());
    return users;
  }

  std::int64_t group;
};

}  // namespace linnet::logic
