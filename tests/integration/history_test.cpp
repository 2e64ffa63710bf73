// The checker of histories finds each kind of fault, and finds none where there is none.
#include "support/history.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace linnet::test;

namespace {

constexpr LogId kAnna = 1;
constexpr LogId kBen = 2;
constexpr LogId kRoom = 100;

// Anna sends "a1" and "a2" to Ben, Ben answers "b1"; a1 and b1 are acknowledged.
struct Dialogue : History {
  Dialogue() {
    sent("a1", kAnna, 1, {kAnna, kBen});
    told("a1", kAnna, 1);
    sent("b1", kBen, 1, {kAnna, kBen});
    told("b1", kBen, 2);
    sent("a2", kAnna, 2, {kAnna, kBen});
  }
  void end(const std::vector<Entry>& anna, const std::vector<Entry>& ben) {
    whole(kAnna, anna);
    whole(kBen, ben);
  }
};

const std::vector<History::Entry> kBoth{{1, "a1"}, {2, "b1"}};

bool mentions(const History& history, const std::string& what) {
  const auto faults = history.faults();
  return std::any_of(faults.begin(), faults.end(), [&](const std::string& fault) {
    return fault.find(what) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("a history that is right has no faults, whether the unanswered message arrived or not") {
  Dialogue history;
  const bool arrived = GENERATE(false, true);
  auto inbox = kBoth;
  if (arrived) inbox.push_back({3, "a2"});
  auto stream = history.begin(kAnna, 0);
  for (const auto& entry : inbox)
    history.received(stream, entry);
  history.caught_up(stream);
  history.told("a1", kAnna, 1);  // a retry
  history.end(inbox, inbox);

  CHECK(history.faults() == std::vector<std::string>());
  CHECK(history.messages_told() == 2);
  CHECK(history.recovered() == (arrived ? 1 : 0));
}

TEST_CASE("a lost message, a doubled one, a gap and a phantom are found") {
  Dialogue history;
  SECTION("lost in one inbox") {
    history.end(kBoth, {{1, "a1"}});
    CHECK(mentions(history, "'b1' is lost, though acknowledged"));
  }
  SECTION("lost everywhere") {
    history.end({{1, "b1"}}, {{1, "b1"}});
    CHECK(mentions(history, "'a1' is lost, though acknowledged"));
  }
  SECTION("half there") {
    history.end({{1, "a1"}, {2, "b1"}, {3, "a2"}}, kBoth);
    CHECK(mentions(history, "'a2' is missing here, and elsewhere there"));
  }
  SECTION("doubled") {
    history.end({{1, "a1"}, {2, "b1"}, {3, "a1"}}, kBoth);
    CHECK(mentions(history, "'a1' a second time"));
  }
  SECTION("a gap") {
    history.end(kBoth, {{1, "a1"}, {3, "b1"}});
    CHECK(mentions(history, "seq 3: stands where 2 should"));
  }
  SECTION("from nowhere") {
    history.end(kBoth, {{1, "a1"}, {2, "b1"}, {3, "x"}});
    CHECK(mentions(history, "'x' was never sent there"));
  }
  SECTION("to somebody else") {
    history.sent("c1", 3, 1, {kAnna});
    history.end(kBoth, {{1, "a1"}, {2, "b1"}, {3, "c1"}});
    CHECK(mentions(history, "'c1' was never sent there"));
  }
}

TEST_CASE("a wrong order is found") {
  Dialogue history;
  SECTION("of one sender") {
    const std::vector<History::Entry> turned{{1, "a2"}, {2, "b1"}, {3, "a1"}};
    history.end(turned, turned);
    CHECK(mentions(history, "'a1' after a later one of its sender"));
  }
  SECTION("other than what was told") {
    history.end({{1, "b1"}, {2, "a1"}}, kBoth);
    CHECK(mentions(history, "told for 'a1', which stands at 2"));
  }
  SECTION("a retry with another answer") {
    history.told("a1", kAnna, 5);
    history.end(kBoth, kBoth);
    CHECK(mentions(history, "told for 'a1', before it was 1"));
  }
}

TEST_CASE("what a connection receives is held to its log") {
  Dialogue history;
  auto stream = history.begin(kBen, 0);
  history.received(stream, {1, "a1"});
  SECTION("a repeat") {
    history.received(stream, {1, "a1"});
    CHECK(mentions(history, "seq 1: came after 1"));
  }
  SECTION("a gap") {
    history.received(stream, {3, "a2"});
    CHECK(mentions(history, "a gap after 1"));
  }
  SECTION("another thing than another connection") {
    auto other = history.begin(kBen, 0);
    history.received(other, {1, "b1"});
    CHECK(mentions(history, "'a1' for one, 'b1' for another"));
  }
  SECTION("what is gone at the end") {
    history.received(stream, {2, "b1"});
    history.received(stream, {3, "a2"});
    history.end(kBoth, kBoth);
    CHECK(mentions(history, "'a2' was received, and is not there at the end"));
  }
  SECTION("less than what was told before") {
    auto late = history.begin(kBen, 0);
    history.received(late, {1, "a1"});
    history.caught_up(late);
    CHECK(mentions(history, "seq 2: was told, and a later sync ends at 1"));
  }
}

TEST_CASE("a room may leave out, and may not repeat, invent or differ") {
  History history;
  history.sent("r1", kAnna, 1, {kRoom});
  history.sent("r2", kAnna, 2, {kRoom});
  auto stream = history.begin(kRoom, 0, true);
  history.received(stream, {1, "r1"});
  SECTION("a gap is no fault") {
    history.received(stream, {7, "r2"});
    CHECK(history.faults().empty());
  }
  SECTION("twice") {
    history.received(stream, {2, "r1"});
    CHECK(mentions(history, "'r1' a second time"));
  }
  SECTION("from nowhere") {
    history.received(stream, {2, "x"});
    CHECK(mentions(history, "'x' was never sent there"));
  }
  SECTION("late") {
    auto other = history.begin(kRoom, 0, true);
    history.received(other, {3, "r2"});
    history.received(other, {1, "r1"});
    CHECK(mentions(history, "seq 1: came after 3"));
  }
}
