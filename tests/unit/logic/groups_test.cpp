// Groups: who may do what, who hears of it, and what a new member may read.
#include "logic_kit.hpp"

#include <functional>
#include <string>

using namespace linnet;
using namespace linnet::logic;

namespace {

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

TEST_CASE_METHOD(GroupFixture, "a message to a small group reaches every member's devices") {
  auto sent = say(3);
  REQUIRE(sent);
  CHECK(sent->seq() == static_cast<std::int64_t>(inbox(3).size()));
  REQUIRE(router.delivered.size() == 3);
  CHECK(router.delivered[0].first == 1);
  CHECK(router.delivered[2] == Pair(3, sent->seq()));
  CHECK(inbox(1).back().receiver_type == pb::RT_NORMAL_GROUP);
  CHECK(inbox(1).back().receiver_id == group);
  CHECK(inbox(4).empty());
}

TEST_CASE_METHOD(GroupFixture,
                 "a large group's message goes to those who follow it, with its seq") {
  const auto large = make(pb::GT_LARGE);
  router.to_groups.clear();
  CHECK(router.following == Pairs{{1, large}, {2, large}, {3, large}});
  // An old client names the type that it believes in.
  for (auto type : {pb::RT_LARGE_GROUP, pb::RT_NORMAL_GROUP}) {
    auto sent = say(3, large, type);
    REQUIRE(sent);
    CHECK(router.to_groups.back() == Pair(large, sent->seq()));
  }
  CHECK(router.delivered.empty());
  auto read = sync(2, large);
  REQUIRE(read);
  CHECK(read->messages(read->messages_size() - 1).receiver_type() == pb::RT_LARGE_GROUP);
  CHECK(read->messages(read->messages_size() - 1).seq() == read->seq());
}

TEST_CASE_METHOD(GroupFixture, "what is not kept reaches a group's members and is in no inbox") {
  auto request = message_to(pb::RT_NORMAL_GROUP, group);
  request.set_is_persist(false);
  auto sent = test::run(messages.send(as(3), request));
  REQUIRE(sent);
  CHECK(sent->seq() == 0);
  CHECK(router.delivered == Pairs{{1, 0}, {2, 0}, {3, 0}});
  CHECK(test::run(messages.send(as(4), request)).code() == ErrCode::kIsNotInGroup);

  const auto large = make(pb::GT_LARGE);
  request.set_receiver_id(large);
  REQUIRE(test::run(messages.send(as(3), request)));
  CHECK(router.to_groups.back() == Pair(large, 0));
}

TEST_CASE_METHOD(GroupFixture,
                 "whoever is added is told with the others, and reads from there on") {
  REQUIRE(say(1));
  auto added = add(group, 2, {3, 4, 4});
  REQUIRE(added);
  CHECK(added->user_ids_size() == 1);  // a member already
  CHECK(added->user_ids(0) == 3);

  for (auto user : {1, 2, 3, 4}) {
    auto push = push_in<pb::AddGroupMembersPush>(inbox(user).back(), pb::PC_ADD_GROUP_MEMBERS);
    CHECK(push.user_id() == 2);
    CHECK(push.nickname() == "n200");
    REQUIRE(push.members_size() == 1);
    CHECK(push.members(0).user_id() == 4);
    CHECK(push.members(0).nickname() == "n400");
  }
  CHECK(inbox(4).size() == 1);
  auto history = sync(4, group);
  REQUIRE(history);
  CHECK(history->messages_size() == 1);
  CHECK(seen_by(4).user_num() == 4);
}

TEST_CASE_METHOD(GroupFixture, "an open history is a new member's too") {
  REQUIRE(say(1));
  pb::SetGroupSettingsReq open;
  open.set_open_history(true);
  REQUIRE(settings(1, open));
  REQUIRE(add(group, 1, {4}));
  CHECK(sync(4, group)->messages(0).seq() == 1);
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

TEST_CASE_METHOD(GroupFixture, "a notice too large for a packet comes in parts") {
  group_options.small_members = 4;
  for (auto who : {4, 5}) {
    auto user = *test::run(wait_for<std::optional<store::User>>(
        [&](auto done) { store.get_user(UserId(who), std::move(done)); }));
    user->extra = std::string(40'000, 'e');
    REQUIRE(
        test::run(wait_for<Unit>([&](auto done) { store.update_user(*user, std::move(done)); })));
  }
  const auto large = make(pb::GT_LARGE);
  REQUIRE(add(large, 1, {4, 5}));
  auto first = push_in<pb::AddGroupMembersPush>(inbox(4).back(), pb::PC_ADD_GROUP_MEMBERS);
  auto second = push_in<pb::AddGroupMembersPush>(inbox(5).back(), pb::PC_ADD_GROUP_MEMBERS);
  CHECK(first.members_size() == 1);
  CHECK(first.members(0).user_id() == 4);
  CHECK(second.members(0).user_id() == 5);
}

TEST_CASE_METHOD(GroupFixture, "every member may add others when the group allows it") {
  pb::SetGroupSettingsReq request;
  request.set_member_invite(true);
  REQUIRE(settings(2, request));
  CHECK(seen_by(3).member_invite());
  CHECK(add(group, 3, {4}));
  CHECK(add(group, 5, {5}).code() == ErrCode::kIsNotInGroup);
}

TEST_CASE_METHOD(GroupFixture, "whoever is removed is told, and is out") {
  REQUIRE(remove(2, 3));
  for (auto user : {1, 2, 3}) {
    auto push = push_in<pb::RemoveGroupMemberPush>(inbox(user).back(), pb::PC_REMOVE_GROUP_MEMBER);
    CHECK(push.user_id() == 2);
    CHECK(push.deleted_user_id() == 3);
  }
  const auto before = inbox(3).size();
  REQUIRE(say(1));
  CHECK(inbox(3).size() == before);
  CHECK(say(3).code() == ErrCode::kIsNotInGroup);
  CHECK(sync(3, group).code() == ErrCode::kIsNotInGroup);
  CHECK(remove(2, 3).code() == ErrCode::kIsNotInGroup);
  CHECK(seen_by(3).group_id() == 0);
}

TEST_CASE_METHOD(GroupFixture, "a large group is followed from joining to leaving") {
  group = make(pb::GT_LARGE);
  REQUIRE(add(group, 1, {4}));
  CHECK(router.following.back() == Pair(4, group));
  REQUIRE(simple(&Groups::leave, 3) == ErrCode::kSuccess);
  CHECK(router.following == Pairs{{1, group}, {2, group}, {4, group}});
  router.following.clear();

  // A device that connects later.
  CHECK(test::run(wait_for<Unit>(
      [&](Done<Unit> done) { messages.follow_groups(UserId(4), std::move(done)); })));
  CHECK(test::run(wait_for<Unit>(
      [&](Done<Unit> done) { messages.follow_groups(UserId(3), std::move(done)); })));
  CHECK(router.following == Pairs{{4, group}});
  store.refuse(ErrCode::kServerBusy);
  CHECK(test::run(wait_for<Unit>([&](Done<Unit> done) {
          messages.follow_groups(UserId(4), std::move(done));
        })).code() == ErrCode::kServerBusy);
}

TEST_CASE_METHOD(GroupFixture, "a changed group is told to its members") {
  pb::UpdateGroupReq request;
  request.set_group_id(group);
  request.set_name("new");
  request.set_introduction("intro");
  request.set_extra("extra");
  request.set_avatar_url("url");
  REQUIRE(test::run(groups.update(as(2), request)));
  auto push = push_in<pb::UpdateGroupPush>(inbox(3).back(), pb::PC_UPDATE_GROUP);
  CHECK(push.user_id() == 2);
  CHECK(push.name() == "new");
  CHECK(push.introduction() == "intro");
  CHECK(push.extra() == "extra");
  CHECK(seen_by(3).avatar_url() == "url");
  request.set_name(std::string(257, 'n'));
  CHECK(test::run(groups.update(as(2), request)).code() == ErrCode::kBadRequest);
}

TEST_CASE_METHOD(GroupFixture,
                 "one joins an open group, asks at one with approval, not at others") {
  CHECK(join(4).code() == ErrCode::kJoinClosed);
  CHECK(join(3)->joined());  // already

  pb::SetGroupSettingsReq approval;
  approval.set_join_mode(pb::JM_APPROVAL);
  REQUIRE(settings(1, approval));
  CHECK_FALSE(join(4)->joined());
  pb::GetJoinRequestsReq list;
  list.set_group_id(group);
  auto requests = test::run(groups.join_requests(as(2), list));
  REQUIRE(requests->requests_size() == 1);
  CHECK(requests->requests(0).user_id() == 4);
  CHECK(requests->requests(0).text() == "please");
  CHECK(answer(3, 4, true).code() == ErrCode::kForbidden);
  CHECK(answer(2, 5, true).code() == ErrCode::kBadRequest);
  CHECK(answer(2, 4, true));
  CHECK(push_in<pb::AddGroupMembersPush>(inbox(4).back(), pb::PC_ADD_GROUP_MEMBERS).user_id() == 2);
  CHECK(answer(2, 4, true).code() == ErrCode::kBadRequest);
  REQUIRE(remove(1, 4));

  CHECK_FALSE(join(4)->joined());
  CHECK(answer(2, 4, false));
  CHECK(test::run(groups.join_requests(as(2), list))->requests_size() == 0);
  CHECK(say(4).code() == ErrCode::kIsNotInGroup);

  pb::SetGroupSettingsReq open;
  open.set_join_mode(pb::JM_OPEN);
  REQUIRE(settings(1, open));
  CHECK(join(4)->joined());
  CHECK(say(4));
  CHECK(join(5).code() == ErrCode::kGroupFull);
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

TEST_CASE_METHOD(GroupFixture, "a small group grows, and nothing of it is lost") {
  REQUIRE(say(1));
  REQUIRE(say(3));
  const auto in_inbox = inbox(2).size();
  REQUIRE(simple(&Groups::grow, 1) == ErrCode::kSuccess);
  CHECK(inbox(2).size() == in_inbox + 1);  // told of it in the inbox that it watches
  CHECK(router.following == Pairs{{1, group}, {2, group}, {3, group}});
  CHECK(router.to_groups.empty());

  auto sent = say(3, group, pb::RT_LARGE_GROUP);
  REQUIRE(sent);
  CHECK(inbox(2).size() == in_inbox + 1);
  CHECK(router.to_groups == Pairs{{group, sent->seq()}});
  auto history = sync(2, group);
  CHECK(history->messages_size() == static_cast<int>(sent->seq()));
  auto mine = seen_by(2);
  CHECK(mine.type() == pb::GT_LARGE);
  CHECK(mine.seq() == sent->seq());
  CHECK(mine.unread() == 2);  // what told of the growth, and the new one
  REQUIRE(simple(&Groups::grow, 1) == ErrCode::kSuccess);  // again: nothing
  CHECK(seen_by(2).seq() == sent->seq());
}

TEST_CASE_METHOD(GroupFixture, "a member that was away finds what it missed, in pages") {
  group = make(pb::GT_LARGE);
  const auto before = seen_by(3).seq();
  for (int i = 0; i < 5; ++i)
    REQUIRE(say(1, group));
  CHECK(seen_by(3).unread() == seen_by(3).seq() - seen_by(3).read_seq());
  auto page = sync(3, group, before, 3);
  REQUIRE(page->messages_size() == 3);
  CHECK(page->has_more());
  CHECK(page->messages(0).seq() == before + 1);
  page = sync(3, group, before + 3, 3);
  CHECK(page->messages_size() == 2);
  CHECK_FALSE(page->has_more());

  pb::AckGroupReq ack;
  ack.set_group_id(group);
  ack.set_seq(before + 5);
  REQUIRE(test::run(groups.acknowledge(as(3), ack)));
  CHECK(seen_by(3).unread() == 0);
  ack.set_seq(-1);
  CHECK(test::run(groups.acknowledge(as(3), ack)).code() == ErrCode::kBadRequest);
  CHECK(sync(3, group, -1).code() == ErrCode::kBadRequest);
}

TEST_CASE_METHOD(GroupFixture, "the members and groups of somebody come in pages") {
  pb::GetGroupMembersReq request;
  request.set_group_id(group);
  request.set_limit(2);
  auto page = test::run(groups.members(as(3), request));
  REQUIRE(page->members_size() == 2);
  CHECK(page->has_more());
  CHECK(page->members(1).role() == pb::GR_ADMIN);
  request.set_after_id(2);
  page = test::run(groups.members(as(3), request));
  REQUIRE(page->members_size() == 1);
  CHECK_FALSE(page->has_more());
  CHECK(page->members(0).nickname() == "n300");
  request.set_limit(-1);
  CHECK(test::run(groups.members(as(3), request)).code() == ErrCode::kBadRequest);
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
