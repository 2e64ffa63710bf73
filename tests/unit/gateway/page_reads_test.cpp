// Whose turn it is to read a page, by a clock of the test's.
#include "page_reads.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <vector>

using linnet::gateway::PageReads;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

// Reads whose pages begin in the order of `begun`; a page is taken in the time that it is given.
struct Reads {
  explicit Reads(std::size_t at_once)
      : reads(
            talk, at_once, [this](PageReads::Duration wait) { later = wait; },
            [this] { return time; }) {}

  void submit(int page) {
    reads.submit([this, page] {
      begun.push_back(page);
      return true;
    });
  }
  void take(PageReads::Duration took = {}) {
    reads.take([&] { time += took; });
  }
  // Lets the wait pass that was asked for.
  void resume() {
    REQUIRE(later);
    time += *later;
    later.reset();
    reads.resume();
  }

  PageReads::Time time{std::chrono::hours(1)};
  std::optional<PageReads::Duration> later;
  std::vector<int> begun;
  linnet::Talk talk;
  PageReads reads;
};

}  // namespace

TEST_CASE("so many pages are read at once, the others in their order as these are taken") {
  Reads reads(2);
  for (int page = 1; page <= 4; ++page)
    reads.submit(page);
  CHECK(reads.begun == std::vector<int>{1, 2});
  CHECK(reads.reads.waiting() == 2);
  reads.take();
  CHECK(reads.begun == std::vector<int>{1, 2, 3});
  reads.take();
  reads.take();
  reads.take();
  CHECK(reads.begun == std::vector<int>{1, 2, 3, 4});
  CHECK(reads.reads.under_way() == 0);
  CHECK_FALSE(reads.later);
}

TEST_CASE("whoever has gone meanwhile takes nobody's turn") {
  Reads reads(1);
  reads.submit(1);
  for (int i = 0; i < 3; ++i)
    reads.reads.submit([] { return false; });
  reads.submit(2);
  reads.take();
  CHECK(reads.begun == std::vector<int>{1, 2});
  CHECK(reads.reads.waiting() == 0);
  CHECK(reads.reads.under_way() == 1);
}

TEST_CASE("a page that is there at once lets the next begin") {
  Reads reads(1);
  for (int page = 1; page <= 3; ++page)
    reads.submit(page);
  reads.take();
  reads.take();
  reads.take();
  CHECK(reads.begun == std::vector<int>{1, 2, 3});
  CHECK(reads.reads.under_way() == 0);
}

TEST_CASE("beside somebody who talks pages are read one by one, with a rest after each") {
  Reads reads(8);
  reads.reads.sent();
  for (int page = 1; page <= 3; ++page)
    reads.submit(page);
  CHECK(reads.begun == std::vector<int>{1});

  reads.take(microseconds(100));
  CHECK(reads.begun == std::vector<int>{1});
  REQUIRE(reads.later);
  CHECK(*reads.later == PageReads::kRest * microseconds(100));
  reads.submit(4);  // asks for no second wait
  reads.resume();
  CHECK(reads.begun == std::vector<int>{1, 2});
}

TEST_CASE("what a page sends is no talk, and nobody rests when the talk is over") {
  Reads reads(2);
  for (int page = 1; page <= 4; ++page)
    reads.submit(page);
  reads.reads.take([&] { reads.reads.sent(); });
  CHECK(reads.begun == std::vector<int>{1, 2, 3});

  reads.reads.sent();
  reads.take(milliseconds(1));
  CHECK(reads.begun.size() == 3);  // one is under way, which is enough now
  reads.time += linnet::Talk::kLasts;
  reads.take(milliseconds(1));
  CHECK(reads.begun.size() == 4);
  CHECK_FALSE(reads.later);
}
