// Broadcasts at their rate, without clocks: a tick is a call.
#include "broadcasts.hpp"

#include "pb/conn.ext.pb.h"

#include <catch2/catch.hpp>

#include <set>

using namespace linnet;
using namespace linnet::router;

namespace {

wire::PushPtr push() {
  return std::make_shared<const wire::Push>(pb::MessageItem());
}

// Slots of which every second one is empty.
struct House {
  std::size_t tick(Broadcasts& broadcasts) {
    visited = 0;
    return broadcasts.tick([this] { return slots; },
                           [this](std::size_t slot, const wire::PushPtr& what) {
                             if (slot % 2 == 1) return false;
                             ++visited;
                             CHECK(reached[what.get()].insert(slot).second);
                             return true;
                           });
  }
  std::size_t slots = 0;
  std::size_t visited = 0;
  std::map<const wire::Push*, std::set<std::size_t>> reached;
};

}  // namespace

TEST_CASE("a broadcast goes round once, a tick's share at a time") {
  Broadcasts broadcasts(500);  // 10 a tick
  House house;
  house.slots = 64;  // 32 of them taken
  auto one = push();
  broadcasts.add(one);
  std::size_t ended = 0;
  int ticks = 0;
  for (; !broadcasts.empty(); ++ticks) {
    ended += house.tick(broadcasts);
    CHECK(house.visited <= 11);
  }
  CHECK(ticks == 4);
  CHECK(ended == 1);
  CHECK(house.reached[one.get()].size() == 32);
}

TEST_CASE("broadcasts follow each other, and a slow rate still goes on") {
  Broadcasts broadcasts(5);  // one in ten ticks
  House house;
  house.slots = 4;
  auto one = push();
  auto two = push();
  broadcasts.add(one);
  broadcasts.add(two);
  std::size_t ended = 0;
  int ticks = 0;
  while (!broadcasts.empty() && ++ticks < 1000)
    ended += house.tick(broadcasts);
  CHECK(ended == 2);
  CHECK(ticks >= 40);
  CHECK(ticks <= 60);
  CHECK(house.reached[one.get()] == std::set<std::size_t>{0, 2});
  CHECK(house.reached[two.get()] == house.reached[one.get()]);
}

TEST_CASE("slots that go while a broadcast goes round end it sooner") {
  Broadcasts broadcasts(50);
  House house;
  house.slots = 1000;
  broadcasts.add(push());
  house.tick(broadcasts);
  house.slots = 0;
  CHECK(house.tick(broadcasts) == 1);
  CHECK(broadcasts.empty());
}
