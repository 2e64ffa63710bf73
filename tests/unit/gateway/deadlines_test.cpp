// Who is late, and in which order they are told.
#include "http/deadlines.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <vector>

using linnet::gateway::Deadlines;
using std::chrono::milliseconds;

namespace {

struct Peer : Deadlines::Entry {
  explicit Peer(int given) : number(given) {}
  int number;
};

std::vector<int> late(Deadlines& deadlines, milliseconds now) {
  std::vector<int> numbers;
  while (auto* entry = deadlines.late(now)) {
    numbers.push_back(static_cast<Peer*>(entry)->number);
    Deadlines::clear(*entry);
  }
  return numbers;
}

}  // namespace

TEST_CASE("whoever was put first is late first, under each limit") {
  Deadlines deadlines;
  Peer a(1);
  Peer b(2);
  Peer c(3);
  deadlines.set(a, milliseconds(0), milliseconds(10));
  deadlines.set(b, milliseconds(1), milliseconds(10));
  deadlines.set(c, milliseconds(2), milliseconds(3));
  CHECK(late(deadlines, milliseconds(4)).empty());
  CHECK(late(deadlines, milliseconds(5)) == std::vector<int>{3});
  CHECK(late(deadlines, milliseconds(10)) == std::vector<int>{1});
  CHECK(late(deadlines, milliseconds(100)) == std::vector<int>{2});
  CHECK(late(deadlines, milliseconds(1000)).empty());
}

TEST_CASE("a new deadline takes the place of the old one, also under another limit") {
  Deadlines deadlines;
  Peer a(1);
  Peer b(2);
  deadlines.set(a, milliseconds(0), milliseconds(10));
  deadlines.set(b, milliseconds(0), milliseconds(10));
  deadlines.set(a, milliseconds(5), milliseconds(10));
  deadlines.set(b, milliseconds(5), milliseconds(50));
  CHECK(late(deadlines, milliseconds(14)).empty());
  CHECK(late(deadlines, milliseconds(15)) == std::vector<int>{1});
  CHECK(late(deadlines, milliseconds(55)) == std::vector<int>{2});
}

TEST_CASE("who is cleared or gone is never late") {
  Deadlines deadlines;
  Peer a(1);
  auto b = std::make_unique<Peer>(2);
  deadlines.set(a, milliseconds(0), milliseconds(10));
  deadlines.set(*b, milliseconds(0), milliseconds(10));
  Deadlines::clear(a);
  b.reset();
  CHECK(late(deadlines, milliseconds(1000)).empty());
}
