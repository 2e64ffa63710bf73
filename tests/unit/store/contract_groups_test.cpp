// The contract of GroupStore, which every engine keeps.
#include "group_calls.hpp"

using namespace linnet;
using namespace linnet::test;
using store::kLargeGroup;
using store::kSmallGroup;

namespace {

store::GroupNotice notice(std::string content, std::vector<UserId> persons = {}) {
  store::GroupNotice made;
  made.message.sender_type = 1;
  made.message.type = 7;
  made.message.content = std::move(content);
  made.persons = std::move(persons);
  return made;
}

}  // namespace

TEMPLATE_TEST_CASE("a small group's message is in every member's inbox and in the group's own", "",
                   LazyMerge, EagerMerge, MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  auto group = calls.group(kSmallGroup, {7, 3, 5});
  calls.append(text(1, {1, 3}, "before"));

  auto appended = calls.say(group, 5, "hello");

  CHECK(appended.type == kSmallGroup);
  CHECK(appended.appended.group_seq == Seq(1));
  CHECK(appended.appended.sender_seq == Seq(1));
  CHECK(appended.appended.placed ==
        std::vector<store::Placed>{{UserId(3), Seq(2)}, {UserId(5), Seq(1)}, {UserId(7), Seq(1)}});
  CHECK(calls.inbox(3) == std::vector<std::string>{"before", "hello"});
  CHECK(calls.inbox(7) == std::vector<std::string>{"hello"});
  CHECK(calls.history(group, 3) == std::vector<std::string>{"hello"});
  auto item = calls.read(7, 0).entries[0].message;
  CHECK(item.receiver_type == 2);
  CHECK(item.receiver_id == group.value());
}

TEMPLATE_TEST_CASE("a large group keeps one row under its own seq", "", LazyMerge, EagerMerge,
                   MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  auto group = calls.group(kLargeGroup, {7, 3, 5});

  for (int i = 1; i <= 20; ++i) {
    auto appended = calls.say(group, 3, "m" + std::to_string(i));
    CHECK(appended.type == kLargeGroup);
    CHECK(appended.appended.placed.empty());
    CHECK(appended.appended.sender_seq == Seq(i));
  }

  CHECK(calls.head(3) == 0);
  auto read = calls.history(group, 7, 17);
  CHECK(read == std::vector<std::string>{"m18", "m19", "m20"});
  CHECK(calls.groups_of(5).front().head == Seq(20));
  CHECK(calls.large_groups(5) == std::vector<GroupId>{group});
}

TEMPLATE_TEST_CASE("only members write to a group and read it", "", LazyMerge, MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  for (auto type : {kSmallGroup, kLargeGroup}) {
    auto group = calls.group(type, {1, 2});
    CHECK(calls.try_say(group, said(9, "no")).code() == ErrCode::kIsNotInGroup);
    CHECK(calls.try_read_group(group, 9, 0).code() == ErrCode::kIsNotInGroup);
    CHECK(calls.audience(group, 9).code() == ErrCode::kIsNotInGroup);
    CHECK(calls.mark_read(group, 9, 1).code() == ErrCode::kIsNotInGroup);
    auto server = said(0, "from the server");
    server.sender_type = 1;
    CHECK(calls.try_say(group, server));
  }
  const GroupId none(1000);
  CHECK(calls.try_say(none, said(1, "no")).code() == ErrCode::kGroupNotExist);
  CHECK(calls.try_read_group(none, 1, 0).code() == ErrCode::kGroupNotExist);
  CHECK(calls.try_view(none).code() == ErrCode::kGroupNotExist);
  CHECK(calls.audience(none, 1).code() == ErrCode::kGroupNotExist);
  CHECK(calls.try_edit(none, {}, [](const auto&) { return store::GroupEdit(); }).code() ==
        ErrCode::kGroupNotExist);
}

TEMPLATE_TEST_CASE("whoever is removed gets nothing more, whoever is added everything after", "",
                   LazyMerge, EagerMerge, MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  auto group = calls.group(kSmallGroup, {1, 2});
  calls.say(group, 1, "one");

  store::GroupEdit edit;
  edit.put.push_back(person(3));
  edit.put.back().visible_after = Seq(1);
  edit.removed.emplace_back(2);
  edit.notices.push_back(notice("changed", {UserId(2), UserId(3)}));
  auto edited = calls.edit(group, edit);
  calls.say(group, 3, "two");

  CHECK(edited.added == std::vector<UserId>{UserId(3)});
  CHECK(edited.removed == std::vector<UserId>{UserId(2)});
  CHECK(edited.group.members == 2);
  REQUIRE(edited.appended.size() == 1);
  CHECK(edited.appended[0].placed.size() == 3);
  CHECK(calls.inbox(1) == std::vector<std::string>{"one", "changed", "two"});
  CHECK(calls.inbox(2) == std::vector<std::string>{"one", "changed"});
  CHECK(calls.inbox(3) == std::vector<std::string>{"changed", "two"});
  CHECK(calls.history(group, 3) == std::vector<std::string>{"changed", "two"});
  CHECK(calls.history(group, 1) == std::vector<std::string>{"one", "changed", "two"});
  CHECK(calls.try_say(group, said(2, "no")).code() == ErrCode::kIsNotInGroup);
}

TEMPLATE_TEST_CASE("a notice of a large group goes to its inbox and to the persons concerned", "",
                   LazyMerge, MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  auto group = calls.group(kLargeGroup, {1, 2});
  store::GroupEdit edit;
  edit.put.push_back(person(3));
  edit.notices.push_back(notice("joined", {UserId(3)}));
  auto edited = calls.edit(group, edit);
  CHECK(edited.notices[0].receiver_type == 3);
  CHECK(edited.notices[0].receiver_id == group.value());
  CHECK(edited.appended[0].group_seq == Seq(1));
  CHECK(calls.inbox(3) == std::vector<std::string>{"joined"});
  // Whose seq a message has is told by its receiver_type.
  CHECK(calls.read(3, 0).entries[0].message.receiver_type == 2);
  CHECK(Calls::get(calls.try_read_group(group, 1, 0)).entries[0].message.receiver_type == 3);
  CHECK(calls.inbox(1).empty());
  CHECK(calls.history(group, 1) == std::vector<std::string>{"joined"});
}

TEMPLATE_TEST_CASE("an edit sees the group and the persons asked for, and may refuse", "",
                   LazyMerge, MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  auto group = calls.group(kSmallGroup, {1, 2});
  calls.say(group, 1, "one");
  store::GroupEdit asks;
  asks.request = store::JoinRequest{UserId(4), "please", Millis(9)};
  calls.edit(group, asks);

  auto refused = calls.try_edit(group, {2, 4, 1}, [&](const store::GroupView& view) {
    CHECK(view.group.id == group);
    CHECK(view.group.members == 2);
    CHECK(view.head == Seq(1));
    REQUIRE(view.persons.size() == 3);
    CHECK(view.persons[0].member->role == store::kRoleMember);
    CHECK_FALSE(view.persons[1].member);
    CHECK(view.persons[1].asked_to_join);
    CHECK(view.persons[2].member->role == store::kRoleOwner);
    return Result<store::GroupEdit>(Error(ErrCode::kForbidden));
  });

  CHECK(refused.code() == ErrCode::kForbidden);
  CHECK(calls.members_of(group) == std::vector<std::int64_t>{1, 2});
}

TEMPLATE_TEST_CASE("an edit's values are kept", "", LazyMerge, MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  auto group = calls.group(kSmallGroup, {1, 2});
  store::GroupEdit edit;
  edit.group = calls.view(group).group;
  edit.group->name = "new name";
  edit.group->avatar_url = "avatar";
  edit.group->introduction = "introduction";
  edit.group->extra = "extra";
  edit.group->join_mode = 2;
  edit.group->member_invite = true;
  edit.group->open_history = true;
  edit.group->muted_until = Millis(77);
  edit.group->updated = Millis(99);
  auto changed = person(2, store::kRoleAdmin);
  changed.remarks = "r";
  changed.extra = "e";
  changed.muted_until = Millis(88);
  changed.visible_after = Seq(3);
  changed.read = Seq(4);
  edit.put.push_back(changed);

  auto edited = calls.edit(group, edit);

  CHECK(edited.added.empty());
  auto view = calls.view(group, {2});
  CHECK(view.group == *edit.group);
  CHECK(view.group == edited.group);
  CHECK(view.persons[0].member == changed);
}

TEMPLATE_TEST_CASE("a mute holds back members, and all of them when the group is muted", "",
                   LazyMerge, MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  const Millis later(4'000'000'000'000);
  for (auto type : {kSmallGroup, kLargeGroup}) {
    auto group = calls.group(type, {1, 2, 3});
    store::GroupEdit mute_one;
    mute_one.put.push_back(person(2));
    mute_one.put.back().muted_until = later;
    calls.edit(group, mute_one);
    CHECK(calls.try_say(group, said(2, "no")).code() == ErrCode::kMuted);
    CHECK(calls.audience(group, 2).code() == ErrCode::kMuted);
    CHECK(calls.try_say(group, said(3, "yes")));

    store::GroupEdit mute_all;
    mute_all.group = calls.view(group).group;
    mute_all.group->muted_until = later;
    calls.edit(group, mute_all);
    CHECK(calls.try_say(group, said(3, "no")).code() == ErrCode::kMuted);
    CHECK(calls.try_say(group, said(1, "the owner may")));
  }
}

TEMPLATE_TEST_CASE("a group that grows keeps its history, and nothing of it is unread", "",
                   LazyMerge, EagerMerge, MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  auto group = calls.group(kSmallGroup, {1, 2});
  calls.say(group, 1, "one");
  calls.say(group, 2, "two");
  store::GroupEdit edit;
  edit.group = calls.view(group).group;
  edit.group->type = kLargeGroup;
  edit.notices.push_back(notice("grown"));

  auto edited = calls.edit(group, edit);
  calls.say(group, 1, "three");

  CHECK(edited.grown);
  CHECK(edited.members == std::vector<UserId>{UserId(1), UserId(2)});
  CHECK(calls.inbox(2) == std::vector<std::string>{"one", "two", "grown"});
  CHECK(calls.history(group, 2) == std::vector<std::string>{"one", "two", "grown", "three"});
  auto mine = calls.groups_of(2).front();
  CHECK(mine.member.read == Seq(2));
  CHECK(mine.head == Seq(4));
  CHECK(calls.large_groups(2) == std::vector<GroupId>{group});
}

TEMPLATE_TEST_CASE("a dissolved group is gone, and its number is not given again", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  auto group = calls.group(kSmallGroup, {1, 2});
  calls.say(group, 1, "one");
  store::GroupEdit edit;
  edit.dissolved = true;
  edit.notices.push_back(notice("gone"));

  auto edited = calls.edit(group, edit);

  CHECK(edited.dissolved);
  CHECK(calls.inbox(2) == std::vector<std::string>{"one", "gone"});
  CHECK(calls.try_view(group).code() == ErrCode::kGroupNotExist);
  CHECK(calls.try_say(group, said(1, "no")).code() == ErrCode::kGroupNotExist);
  CHECK(calls.groups_of(1).empty());
  CHECK(calls.group(kSmallGroup, {1}) != group);
}

TEMPLATE_TEST_CASE("a message to a group that is sent again is answered as before", "", LazyMerge,
                   EagerMerge, MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  for (auto type : {kSmallGroup, kLargeGroup}) {
    auto group = calls.group(type, {1, 2});
    auto first = Calls::get(calls.try_say(group, said(2, "one", 11 + type, 7)));
    store::GroupEdit edit;
    edit.removed.emplace_back(2);
    calls.edit(group, edit);

    // Its sender has left, but the message was acknowledged.
    auto again = Calls::get(calls.try_say(group, said(2, "one", 11 + type, 7)));

    CHECK(again.appended.duplicate);
    CHECK(again.appended.id == first.appended.id);
    CHECK(again.appended.sender_seq == first.appended.sender_seq);
    CHECK(calls.history(group, 1) == std::vector<std::string>{"one"});
  }
}

TEMPLATE_TEST_CASE("reading marks never go back nor past the newest", "", LazyMerge, MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  auto group = calls.group(kLargeGroup, {1, 2});
  for (int i = 0; i < 5; ++i)
    calls.say(group, 1, "x");
  auto read = [&] { return calls.groups_of(2).front().member.read; };
  CHECK(calls.mark_read(group, 2, 3));
  CHECK(read() == Seq(3));
  CHECK(calls.mark_read(group, 2, 1));
  CHECK(read() == Seq(3));
  CHECK(calls.mark_read(group, 2, 100));
  CHECK(read() == Seq(5));
}

TEMPLATE_TEST_CASE("lists of groups and members come in pages", "", LazyMerge, MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  std::vector<std::int64_t> groups;
  for (int i = 0; i < 3; ++i)
    groups.push_back(calls.group(kSmallGroup, {4, 9, 2}).value());
  auto page = calls.groups_of(9, groups[0], 1);
  REQUIRE(page.size() == 1);
  CHECK(page[0].group.id == GroupId(groups[1]));
  CHECK(page[0].member.user == UserId(9));
  CHECK(calls.members_of(GroupId(groups[0]), 2, 1) == std::vector<std::int64_t>{4});
  CHECK(calls.members_of(GroupId(groups[0]), 4) == std::vector<std::int64_t>{9});
  CHECK(calls.groups_of(9, groups[2]).empty());
}

TEMPLATE_TEST_CASE("what is stored nowhere goes to all members of a small group", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  auto small = Calls::get(calls.audience(calls.group(kSmallGroup, {2, 1}), 1));
  CHECK(small.type == kSmallGroup);
  CHECK(small.members == std::vector<UserId>{UserId(1), UserId(2)});
  auto large = Calls::get(calls.audience(calls.group(kLargeGroup, {2, 1}), 0));
  CHECK(large.type == kLargeGroup);
  CHECK(large.members.empty());
}
