// Groups: who comes and goes, and who hears of it.
#include "group_kit.hpp"

using namespace linnet;
using namespace linnet::logic;

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

TEST_CASE_METHOD(GroupFixture, "who is erased is not let into a group, and asks for nothing") {
  const auto mode = GENERATE(pb::JM_OPEN, pb::JM_APPROVAL);
  pb::SetGroupSettingsReq joins;
  joins.set_join_mode(mode);
  REQUIRE(settings(1, joins));
  pb::JoinGroupReq request;
  request.set_group_id(group);
  store.hold();
  const auto dora = as(4);
  test::Begun<pb::JoinGroupResp> joining(groups.join(dora, request));
  REQUIRE(store.held() == 1);  // its profile
  store.erase_user(UserId(4), Millis(9), [](const Result<std::vector<DeviceId>>&) {});
  store.release();

  CHECK(joining.end().code() == ErrCode::kUnauthorized);
  CHECK(join(4).code() == ErrCode::kUnauthorized);
  CHECK(members_seen_by(1) == std::vector<std::int64_t>{1, 2, 3});
  pb::GetJoinRequestsReq list;
  list.set_group_id(group);
  CHECK(test::run(groups.join_requests(as(1), list))->requests_size() == 0);
}

TEST_CASE_METHOD(GroupFixture, "a request to join is turned down also when nobody is behind it") {
  // As one that came behind its user's erasure would have left it.
  store::GroupEdit edit;
  edit.request = store::JoinRequest{UserId(1000), "please", Millis(9)};
  const auto asked = test::run(wait_for<store::GroupEdited>([&](Done<store::GroupEdited> done) {
    store.edit_group(
        GroupId(group), {}, [&](const store::GroupView&) { return Result<store::GroupEdit>(edit); },
        std::move(done));
  }));
  REQUIRE(asked);
  CHECK(answer(2, 1000, true).code() == ErrCode::kUserNotExist);
  CHECK(answer(2, 1000, false));
  CHECK(answer(2, 1000, false).code() == ErrCode::kBadRequest);
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
