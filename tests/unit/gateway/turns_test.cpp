// How long whose packets take, and whose turn it is then, by a clock of the test's.
#include "turns.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <vector>

using linnet::gateway::Crowd;
using linnet::gateway::Turn;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

struct TurnClock {
  using time_point = std::chrono::steady_clock::time_point;
  static time_point now() {
    ++looks;
    return time;
  }
  static inline time_point time{std::chrono::hours(1)};
  static inline int looks = 0;
};

// Members that have always more, each of whose turns takes as long as it is told.
struct Members {
  struct Member : std::enable_shared_from_this<Member> {
    explicit Member(Members& of_all) : all(of_all) {}
    void take_turn() {
      ++turns;
      all.time += all.took;
      all.worked += all.took;
      all.crowd.add(shared_from_this());
    }
    Members& all;
    int turns = 0;
  };
  using All = Crowd<Member>;

  explicit Members(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      crowd.add(members.emplace_back(std::make_shared<Member>(*this)));
  }
  void go_on_for(All::Duration length) {
    for (const auto end = time + length; time < end; crowd.resume()) {
      REQUIRE(soon != rest.has_value());
      soon = false;
      if (!rest) continue;
      time += *rest;
      rested += *rest;
      rest.reset();
    }
  }

  All::Time time{std::chrono::hours(1)};
  All::Duration took{};
  All::Duration worked{};
  All::Duration rested{};
  bool soon = false;
  std::optional<All::Duration> rest;
  All crowd{[this] { soon = true; }, [this](All::Duration wait) { rest = wait; },
            [this] { return time; }};
  std::vector<std::shared_ptr<Member>> members;
};

}  // namespace

TEST_CASE("a turn is over after one packet that took too long, if more came with it") {
  Turn<TurnClock> turn;
  TurnClock::time += Turn<TurnClock>::kLength;
  CHECK(turn.over(10, true));

  // After a large one whatever came with it, and whichever it is.
  Turn<TurnClock> other;
  CHECK_FALSE(other.over(10, true));
  TurnClock::time += Turn<TurnClock>::kLength;
  CHECK(other.over(1000, false));
}

TEST_CASE("small packets are served without a look at the clock each") {
  TurnClock::looks = 0;
  Turn<TurnClock> heartbeat;
  CHECK_FALSE(heartbeat.over(2, false));
  CHECK(TurnClock::looks == 1);  // when it began

  TurnClock::looks = 0;
  Turn<TurnClock> many;
  for (int i = 0; i < 40; ++i)
    CHECK_FALSE(many.over(20, true));
  CHECK(TurnClock::looks == 11);
}

TEST_CASE("a crowd rests as long as it has worked, however long its turns are") {
  Members f(8);
  f.took = GENERATE(microseconds(50), microseconds(700), milliseconds(5));
  f.go_on_for(std::chrono::seconds(1));
  CHECK(f.worked.count() == Approx(static_cast<double>(f.rested.count())).epsilon(0.02));
  const auto first = f.members.front()->turns;
  for (const auto& member : f.members)
    CHECK(std::abs(member->turns - first) <= 1);
}

TEST_CASE("a crowd rests no longer for one of it that takes very long") {
  Members f(8);
  f.took = milliseconds(300);
  f.go_on_for(milliseconds(301));
  CHECK(f.rested == Members::All::kLongestRest);
}

TEST_CASE("a few that have more to send do not rest") {
  Members f(7);
  f.took = milliseconds(5);
  f.go_on_for(std::chrono::seconds(1));
  CHECK(f.rested.count() == 0);
}

TEST_CASE("those that were forgotten have no turn any more") {
  Members f(8);
  f.crowd.clear();
  f.crowd.resume();
  CHECK(f.worked.count() == 0);
  CHECK(f.members.front()->turns == 0);
}
