// Groups: what is said in them, and who reads it.
#include "group_kit.hpp"

using namespace linnet;
using namespace linnet::logic;

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

TEST_CASE_METHOD(GroupFixture, "an open history is a new member's too") {
  REQUIRE(say(1));
  pb::SetGroupSettingsReq open;
  open.set_open_history(true);
  REQUIRE(settings(1, open));
  REQUIRE(add(group, 1, {4}));
  CHECK(sync(4, group)->messages(0).seq() == 1);
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
  CHECK_FALSE(page->has_after());

  pb::AckGroupReq ack;
  ack.set_group_id(group);
  ack.set_seq(before + 5);
  REQUIRE(test::run(groups.acknowledge(as(3), ack)));
  CHECK(seen_by(3).unread() == 0);
  // More than there is: of a life of the server that a backup does not know.
  REQUIRE(say(1, group));
  page = sync(3, group, before + 7);
  CHECK(page->after() == before + 5);
  REQUIRE(page->messages_size() == 1);
  CHECK(page->messages(0).seq() == before + 6);
  ack.set_seq(before + 6);
  REQUIRE(test::run(groups.acknowledge(as(3), ack)));
  page = sync(3, group, before + 7);
  CHECK(page->after() == before + 6);
  CHECK(page->messages_size() == 0);
  ack.set_seq(-1);
  CHECK(test::run(groups.acknowledge(as(3), ack)).code() == ErrCode::kBadRequest);
  CHECK(sync(3, group, -1).code() == ErrCode::kBadRequest);
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
