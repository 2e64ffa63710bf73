#include "page_reads.hpp"

#include <catch2/catch.hpp>

#include <vector>

using linnet::gateway::PageReads;

TEST_CASE("so many pages are read at once, the others in their order as these finish") {
  PageReads reads(2);
  std::vector<int> begun;
  for (int i = 1; i <= 4; ++i)
    reads.submit([&begun, i] {
      begun.push_back(i);
      return true;
    });
  CHECK(begun == std::vector<int>{1, 2});
  CHECK(reads.waiting() == 2);
  reads.finished();
  CHECK(begun == std::vector<int>{1, 2, 3});
  reads.finished();
  reads.finished();
  reads.finished();
  CHECK(begun == std::vector<int>{1, 2, 3, 4});
  CHECK(reads.under_way() == 0);
}

TEST_CASE("whoever has gone meanwhile takes nobody's turn") {
  PageReads reads(1);
  int begun = 0;
  reads.submit([&] { return ++begun > 0; });
  for (int i = 0; i < 3; ++i)
    reads.submit([] { return false; });
  reads.submit([&] { return ++begun > 0; });
  reads.finished();
  CHECK(begun == 2);
  CHECK(reads.waiting() == 0);
  CHECK(reads.under_way() == 1);
}

TEST_CASE("a read that is refused at once lets the next begin") {
  PageReads reads(1);
  int begun = 0;
  for (int i = 0; i < 3; ++i)
    reads.submit([&] { return ++begun > 0; });
  reads.finished();
  reads.finished();
  reads.finished();
  CHECK(begun == 3);
  CHECK(reads.under_way() == 0);
}
