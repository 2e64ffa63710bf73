// Groups through restarts and failures of the disk.
#include "faulty_vfs.hpp"
#include "group_calls.hpp"

using namespace linnet;
using namespace linnet::test;
using store::kLargeGroup;
using store::kSmallGroup;

TEMPLATE_TEST_CASE("after a restart groups go on where they were", "", LazyMerge, EagerMerge) {
  TestType engine;
  GroupId small;
  GroupId large;
  store::GroupAppended keyed;
  {
    GroupCalls calls(engine.store());
    small = calls.group(kSmallGroup, {1, 2, 3});
    large = calls.group(kLargeGroup, {1, 2});
    for (int i = 1; i <= 30; ++i) {
      calls.say(small, 1 + i % 3, "s" + std::to_string(i));
      calls.say(large, 1 + i % 2, "l" + std::to_string(i));
    }
    keyed = Calls::get(calls.try_say(large, said(2, "keyed", 5, 6)));
  }

  engine.reopen();
  GroupCalls calls(engine.store());

  auto inbox = calls.inbox(3);
  REQUIRE(inbox.size() == 30);
  CHECK(inbox.front() == "s1");
  CHECK(calls.history(small, 2).size() == 30);
  CHECK(calls.history(large, 2).size() == 31);
  CHECK(calls.say(small, 1, "more").appended.group_seq == Seq(31));
  auto again = Calls::get(calls.try_say(large, said(2, "keyed", 5, 6)));
  CHECK(again.appended.duplicate);
  CHECK(again.appended.sender_seq == keyed.appended.sender_seq);
  CHECK(calls.say(large, 1, "more").appended.group_seq == Seq(32));
}

TEST_CASE("an edit that the disk refused leaves the members as they were") {
  FaultyVfs disk;
  store::Tuning tuning;
  tuning.vfs = disk.name();
  SqliteEngine engine({}, tuning);
  GroupCalls calls(engine.store());
  auto group = calls.group(kSmallGroup, {1, 2});
  calls.say(group, 1, "one");
  store::GroupEdit edit;
  edit.put.push_back(person(3));
  edit.put.back().extra = std::string(20000, '.');  // more than fits what room is left

  disk.fill_up(0);
  auto refused = calls.try_edit(group, {}, [&](const store::GroupView&) { return edit; });
  disk.make_room();

  CHECK(refused.code() == ErrCode::kStorage);
  CHECK(calls.say(group, 1, "two").appended.placed.size() == 2);
  CHECK(calls.members_of(group) == std::vector<std::int64_t>{1, 2});
  calls.edit(group, edit);
  CHECK(calls.say(group, 1, "three").appended.placed.size() == 3);
}

TEST_CASE("what is read of a group within a transaction that fails is forgotten with it") {
  FaultyVfs disk;
  store::Tuning tuning;
  tuning.vfs = disk.name();
  SqliteEngine engine({}, tuning);
  GroupCalls calls(engine.store());
  auto group = calls.group(kSmallGroup, {1, 2});
  disk.fill_up(0);
  // Both in one transaction: the append sees the edit, and neither is committed.
  std::promise<ErrCode> edited;
  std::promise<ErrCode> appended;
  auto edit = [](const store::GroupView&) {
    store::GroupEdit added;
    added.put.push_back(person(3));
    return Result<store::GroupEdit>(added);
  };
  engine.store().edit_group(group, {}, edit, [&](const Result<store::GroupEdited>& result) {
    edited.set_value(result.code());
  });
  engine.store().append_to_group(
      group, said(1, std::string(20000, '.')),
      [&](const Result<store::GroupAppended>& result) { appended.set_value(result.code()); });
  CHECK(edited.get_future().get() == ErrCode::kStorage);
  CHECK(appended.get_future().get() == ErrCode::kStorage);
  disk.make_room();

  CHECK(calls.say(group, 1, "now").appended.placed.size() == 2);
  CHECK(calls.try_say(group, said(3, "no")).code() == ErrCode::kIsNotInGroup);
}
