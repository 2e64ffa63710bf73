// Groups: who may do what.
#include "group_kit.hpp"

#include <functional>

using namespace linnet;
using namespace linnet::logic;

namespace {

constexpr auto kOk = ErrCode::kSuccess;
constexpr auto kOutside = ErrCode::kIsNotInGroup;
constexpr auto kNo = ErrCode::kForbidden;

// What an action gives when owner, administrator, member and stranger (user 4) try it.
struct Rule {
  const char* action;
  std::function<ErrCode(GroupFixture&, std::int64_t)> act;
  ErrCode owner, admin, member, stranger;
};

const std::vector<Rule>& rules() {
  using F = GroupFixture;
  static const std::vector<Rule> all = {
      {"GetGroup", [](F& f, auto who) { return f.simple(&Groups::get, who); }, kOk, kOk, kOk,
       kOutside},
      {"GetGroupMembers", [](F& f, auto who) { return f.simple(&Groups::members, who); }, kOk, kOk,
       kOk, kOutside},
      {"SyncGroup", [](F& f, auto who) { return f.simple(&Groups::sync, who); }, kOk, kOk, kOk,
       kOutside},
      {"AckGroup", [](F& f, auto who) { return f.simple(&Groups::acknowledge, who); }, kOk, kOk,
       kOk, kOutside},
      {"SendMessage", [](F& f, auto who) { return f.say(who).code(); }, kOk, kOk, kOk, kOutside},
      {"GetJoinRequests", [](F& f, auto who) { return f.simple(&Groups::join_requests, who); }, kOk,
       kOk, kNo, kOutside},
      {"UpdateGroup", [](F& f, auto who) { return f.simple(&Groups::update, who); }, kOk, kOk, kNo,
       kOutside},
      {"SetGroupSettings", [](F& f, auto who) { return f.simple(&Groups::set_settings, who); }, kOk,
       kOk, kNo, kOutside},
      {"MuteGroup", [](F& f, auto who) { return f.simple(&Groups::mute, who); }, kOk, kOk, kNo,
       kOutside},
      {"AddGroupMembers", [](F& f, auto who) { return f.add(f.group, who, {5}).code(); }, kOk, kOk,
       kNo, kOutside},
      {"MuteGroupMember", [](F& f, auto who) { return f.mute_member(who, 3, 9).code(); }, kOk, kOk,
       ErrCode::kBadRequest, kOutside},
      {"MuteGroupMember, an administrator",
       [](F& f, auto who) { return f.mute_member(who, 2, 9).code(); }, kOk, ErrCode::kBadRequest,
       kNo, kOutside},
      {"SetGroupRole",
       [](F& f, auto who) { return f.set_role(f.group, who, 3, pb::GR_ADMIN).code(); }, kOk, kNo,
       ErrCode::kBadRequest, kOutside},
      {"DeleteGroupMember, a member", [](F& f, auto who) { return f.remove(who, 3).code(); }, kOk,
       kOk, kOk /* it leaves */, kOutside},
      {"DeleteGroupMember, an administrator",
       [](F& f, auto who) { return f.remove(who, 2).code(); }, kOk, kOk /* leaves */, kNo,
       kOutside},
      {"DeleteGroupMember, the owner", [](F& f, auto who) { return f.remove(who, 1).code(); }, kNo,
       kNo, kNo, kOutside},
      {"LeaveGroup", [](F& f, auto who) { return f.simple(&Groups::leave, who); }, kNo, kOk, kOk,
       kOutside},
      {"GrowGroup", [](F& f, auto who) { return f.simple(&Groups::grow, who); }, kOk, kNo, kNo,
       kOutside},
      {"DeleteGroup", [](F& f, auto who) { return f.simple(&Groups::dissolve, who); }, kOk, kNo,
       kNo, kOutside},
  };
  return all;
}

}  // namespace

TEST_CASE("what each role may do to a group, and what the others are answered") {
  for (const auto& rule : rules()) {
    const std::pair<std::int64_t, ErrCode> tries[] = {
        {1, rule.owner}, {2, rule.admin}, {3, rule.member}, {4, rule.stranger}};
    for (const auto& [who, expected] : tries) {
      GroupFixture fixture;
      CAPTURE(rule.action, who);
      CHECK(name(rule.act(fixture, who)) == name(expected));
    }
  }
}

TEST_CASE_METHOD(GroupFixture, "no group: no call does anything") {
  group = 1000;
  CHECK(simple(&Groups::get, 1) == ErrCode::kGroupNotExist);
  CHECK(simple(&Groups::update, 1) == ErrCode::kGroupNotExist);
  CHECK(simple(&Groups::sync, 1) == ErrCode::kGroupNotExist);
  CHECK(say(1).code() == ErrCode::kGroupNotExist);
  CHECK(join(1).code() == ErrCode::kGroupNotExist);
  group = -1;
  CHECK(simple(&Groups::get, 1) == ErrCode::kGroupNotExist);
}

TEST_CASE_METHOD(GroupFixture, "nobody is added when one of them is no user or there is no room") {
  CHECK(add(group, 1, {4, 1000}).code() == ErrCode::kUserNotExist);
  CHECK(members_seen_by(1) == std::vector<std::int64_t>{1, 2, 3});
  CHECK(add(group, 1, {4, 5}).code() == ErrCode::kGroupFull);  // four at most
  CHECK(members_seen_by(1) == std::vector<std::int64_t>{1, 2, 3});
  CHECK(add(group, 1, {}).code() == ErrCode::kBadRequest);
}

TEST_CASE_METHOD(GroupFixture, "who blocks somebody is not brought into a group by it") {
  const auto block = [&](std::int64_t who, std::int64_t whom, bool blocked) {
    REQUIRE(test::run(wait_for<Unit>([&](auto done) {
      store.set_blocked(UserId(who), UserId(whom), blocked, clock.wall(), std::move(done));
    })));
  };
  block(4, 1, true);
  auto added = add(group, 1, {4});
  REQUIRE(added);
  CHECK(added->user_ids_size() == 1);  // was not added
  CHECK(members_seen_by(1) == std::vector<std::int64_t>{1, 2, 3});
  CHECK(inbox(4).empty());
  block(4, 1, false);
  REQUIRE(add(group, 1, {4}));
  CHECK(members_seen_by(1) == std::vector<std::int64_t>{1, 2, 3, 4});
}

TEST_CASE_METHOD(GroupFixture,
                 "who asked to join and then blocked is not brought in by the old request") {
  pb::SetGroupSettingsReq approval;
  approval.set_join_mode(pb::JM_APPROVAL);
  REQUIRE(settings(1, approval));
  REQUIRE(join(4));
  const auto block = [&](bool blocked) {
    REQUIRE(test::run(wait_for<Unit>([&](auto done) {
      store.set_blocked(UserId(4), UserId(1), blocked, clock.wall(), std::move(done));
    })));
  };
  block(true);
  CHECK(answer(1, 4, true).code() == ErrCode::kBlocked);
  CHECK(members_seen_by(1) == std::vector<std::int64_t>{1, 2, 3});
  block(false);
  CHECK(answer(1, 4, true));
  CHECK(members_seen_by(1) == std::vector<std::int64_t>{1, 2, 3, 4});
}

TEST_CASE_METHOD(GroupFixture, "every member may add others when the group allows it") {
  pb::SetGroupSettingsReq request;
  request.set_member_invite(true);
  REQUIRE(settings(2, request));
  CHECK(seen_by(3).member_invite());
  CHECK(add(group, 3, {4}));
  CHECK(add(group, 5, {5}).code() == ErrCode::kIsNotInGroup);
}

TEST_CASE_METHOD(GroupFixture, "a mute ends by itself or is taken back") {
  REQUIRE(mute_member(2, 3, 60));
  CHECK(say(3).code() == ErrCode::kMuted);
  CHECK(seen_by(3).my_muted_until() == clock.wall().value() + 60'000);
  REQUIRE(mute_member(2, 3, 0));
  CHECK(say(3));
  CHECK(mute_member(2, 3, -1).code() == ErrCode::kBadRequest);
  CHECK(mute_member(2, 3, INT64_MAX).code() == ErrCode::kBadRequest);

  pb::MuteGroupReq all;
  all.set_group_id(group);
  all.set_seconds(60);
  REQUIRE(test::run(groups.mute(as(1), all)));
  CHECK(say(3).code() == ErrCode::kMuted);
  CHECK(say(2));
  all.set_seconds(0);
  REQUIRE(test::run(groups.mute(as(1), all)));
  CHECK(say(3));
}

TEST_CASE_METHOD(GroupFixture, "a group is handed over, and then dissolved by its new owner") {
  pb::TransferGroupReq transfer;
  transfer.set_group_id(group);
  transfer.set_user_id(3);
  CHECK(test::run(groups.transfer(as(2), transfer)).code() == ErrCode::kForbidden);
  REQUIRE(test::run(groups.transfer(as(1), transfer)));
  CHECK(seen_by(3).role() == pb::GR_OWNER);
  CHECK(seen_by(1).role() == pb::GR_ADMIN);
  CHECK(simple(&Groups::leave, 1) == ErrCode::kSuccess);

  REQUIRE(simple(&Groups::dissolve, 3) == ErrCode::kSuccess);
  CHECK(push_in<pb::UpdateGroupPush>(inbox(2).back(), pb::PC_UPDATE_GROUP).dissolved());
  CHECK(say(3).code() == ErrCode::kGroupNotExist);
  CHECK(seen_by(2).group_id() == 0);
}

TEST_CASE_METHOD(GroupFixture, "notes about a member are changed by itself and those above it") {
  pb::UpdateGroupMemberReq request;
  request.set_group_id(group);
  request.set_user_id(3);
  request.set_remarks("r");
  CHECK(test::run(groups.update_member(as(3), request)));
  CHECK(test::run(groups.update_member(as(2), request)));
  CHECK(test::run(groups.update_member(as(4), request)).code() == ErrCode::kIsNotInGroup);
  request.set_user_id(2);
  CHECK(test::run(groups.update_member(as(3), request)).code() == ErrCode::kForbidden);
  request.set_user_id(4);
  CHECK(test::run(groups.update_member(as(1), request)).code() == ErrCode::kIsNotInGroup);
}
