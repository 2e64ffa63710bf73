// What the bench compares a server with must itself be measured.
#include "measure.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace linnet::bench;

TEST_CASE("300 bytes go over loopback to another thread and back") {
  CHECK(measure_round_trip(5) > 0);
}

TEST_CASE("a sync's cost is measured in a directory that is left as it was") {
  const linnet::TempDir dir;
  CHECK(measure_disk(dir.path(), 3).median_ns > 0);
  CHECK(std::filesystem::is_empty(dir.path()));
  CHECK_THROWS(measure_disk(dir.path() / "none", 1));
}
