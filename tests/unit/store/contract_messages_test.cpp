// The contract of MessageStore, which every engine keeps.
#include "store_kit.hpp"

using namespace linnet;
using namespace linnet::test;

TEMPLATE_TEST_CASE("a message is in the inbox of each recipient, as it was sent", "", LazyMerge,
                   EagerMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  auto sent = text(7, {7, 8}, std::string("h\0llo", 5), 3, 99);
  sent.message.mentions = {UserId(8), UserId(1'000'000'000'000)};
  sent.message.status = 1;

  auto appended = calls.append(sent);

  CHECK(appended.sender_seq == Seq(1));
  CHECK_FALSE(appended.duplicate);
  CHECK(appended.placed == std::vector<store::Placed>{{UserId(7), Seq(1)}, {UserId(8), Seq(1)}});
  for (auto user : {7, 8}) {
    auto page = calls.read(user, 0);
    REQUIRE(page.entries.size() == 1);
    CHECK(page.entries[0].seq == Seq(1));
    CHECK(page.entries[0].message == sent.message);
    CHECK(page.head == Seq(1));
  }
  CHECK(calls.read(9, 0).entries.empty());
}

TEMPLATE_TEST_CASE("every inbox counts for itself, without a gap", "", LazyMerge, EagerMerge,
                   MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();

  for (int i = 1; i <= 40; ++i) {
    CHECK(calls.append(text(1, {1, 2}, "a" + std::to_string(i))).sender_seq == Seq(2 * i - 1));
    CHECK(calls.append(text(3, {3, 1}, "b" + std::to_string(i))).sender_seq == Seq(i));
  }

  CHECK(calls.inbox(1).size() == 80);
  CHECK(calls.inbox(2).size() == 40);
  CHECK(calls.inbox(3).back() == "b40");
  CHECK(calls.head(1) == 80);
  CHECK(calls.head(4) == 0);
}

TEMPLATE_TEST_CASE("a system message has no sender's seq", "", LazyMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  CHECK(calls.append(text(0, {5}, "notice")).sender_seq == Seq());
  CHECK(calls.inbox(5) == std::vector<std::string>{"notice"});
}

TEMPLATE_TEST_CASE("a page keeps to its limits but holds one entry at least", "", LazyMerge,
                   EagerMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  for (int i = 0; i < 10; ++i)
    calls.append(text(1, {1}, std::string(100, 'x')));

  CHECK(calls.read(1, 0, {3, 100'000}).entries.size() == 3);
  CHECK(calls.read(1, 0, {100, 250}).entries.size() == 2);
  CHECK(calls.read(1, 0, {100, 1}).entries.size() == 1);
  CHECK(calls.read(1, 0, {0, 0}).entries.size() == 1);
  auto last = calls.read(1, 8, {100, 100'000});
  CHECK(last.entries.size() == 2);
  CHECK(last.entries[0].seq == Seq(9));
  CHECK(last.head == Seq(10));
}

TEMPLATE_TEST_CASE("a place before the first or past the end is no error", "", LazyMerge,
                   EagerMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  calls.append(text(1, {1}, "one"));

  CHECK(calls.read(1, -5).entries.size() == 1);
  CHECK(calls.read(1, INT64_MIN).entries.size() == 1);
  CHECK(calls.read(1, 1).entries.empty());
  CHECK(calls.read(1, INT64_MAX).entries.empty());
  CHECK(calls.read(1, INT64_MAX).head == Seq(1));
}

TEMPLATE_TEST_CASE("a retried send is answered as before and stored once", "", LazyMerge,
                   EagerMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  auto first = calls.append(text(1, {1, 2}, "hello", 11, 7));
  calls.append(text(1, {1, 2}, "between", 11, 8));

  auto again = calls.append(text(1, {1, 2}, "hello", 11, 7));

  CHECK(again.duplicate);
  CHECK(again.id == first.id);
  CHECK(again.sender_seq == first.sender_seq);
  CHECK(again.placed.empty());
  CHECK(calls.inbox(2) == std::vector<std::string>{"hello", "between"});
}

TEMPLATE_TEST_CASE("only a device's own request id makes a retry", "", LazyMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  calls.append(text(1, {1}, "a", 11, 7));
  CHECK_FALSE(calls.append(text(1, {1}, "another device", 12, 7)).duplicate);
  CHECK_FALSE(calls.append(text(1, {1}, "no request id", 11, 0)).duplicate);
  CHECK_FALSE(calls.append(text(1, {1}, "no request id", 11, 0)).duplicate);
  CHECK_FALSE(calls.append(text(1, {1}, "no device", 0, 7)).duplicate);
  CHECK_FALSE(calls.append(text(1, {1}, "no device", 0, 7)).duplicate);
  CHECK(calls.inbox(1).size() == 6);
}

TEMPLATE_TEST_CASE("a message for nobody is refused", "", LazyMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  auto nobody = text(1, {1}, "a", 11, 7);
  nobody.recipients.clear();
  CHECK(calls.try_append(nobody).code() == ErrCode::kBadRequest);
  CHECK(calls.try_append(text(1, {1, 0}, "a", 11, 7)).code() == ErrCode::kBadRequest);
  CHECK(calls.append(text(1, {1}, "b", 11, 7)).sender_seq == Seq(1));
}

TEMPLATE_TEST_CASE("acknowledging never lowers and never passes the inbox's head", "", LazyMerge,
                   EagerMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  CHECK(calls.acknowledged(1) == 0);
  for (int i = 0; i < 10; ++i)
    calls.append(text(1, {1}, "x"));

  calls.acknowledge(1, 5, 4);
  CHECK(calls.acknowledged(1) == 4);
  calls.acknowledge(1, 5, 2);
  calls.acknowledge(1, 6, 3);
  calls.acknowledge(1, 6, -1);
  CHECK(calls.acknowledged(1) == 4);
  calls.acknowledge(1, 6, 1000);
  CHECK(calls.acknowledged(1) == 10);
  CHECK(calls.acknowledged(2) == 0);
}

TEMPLATE_TEST_CASE("of each device it is known what it acknowledged itself", "", LazyMerge,
                   EagerMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  for (int i = 0; i < 10; ++i)
    calls.append(text(1, {1}, "x"));
  calls.acknowledge(1, 5, 4);
  calls.acknowledge(1, 6, 7);
  // Written a little later.
  CHECK(eventually([&] { return calls.acknowledged_by(1, 5) == 4; }));
  CHECK(eventually([&] { return calls.acknowledged_by(1, 6) == 7; }));
  CHECK(calls.acknowledged_by(1, 8) == 0);
  CHECK(calls.acknowledged_by(2, 5) == 0);
}

TEMPLATE_TEST_CASE("after closing every call answers that the server stops", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  store.close();
  Calls calls(store);
  CHECK(calls.try_append(text(1, {1}, "late")).code() == ErrCode::kShuttingDown);
  CHECK(calls.try_read(1, 0).code() == ErrCode::kShuttingDown);
}
