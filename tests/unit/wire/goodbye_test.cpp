// The last sentence of a server that stops, and the pause in it.
#include "linnet/wire/goodbye.hpp"

#include <catch2/catch.hpp>

using namespace linnet::wire;
using std::chrono::milliseconds;

TEST_CASE("the pause of a goodbye is read as it was written") {
  const milliseconds pause(GENERATE(0, 1, 3217, 60000));
  CHECK(pause_in(goodbye(pause)) == pause);
}

TEST_CASE("no sentence makes a client wait for longer than a minute") {
  CHECK(pause_in("connect again in 999999999999 ms") == kLongestPause);
}

TEST_CASE("a sentence without a pause has none") {
  const auto* sentence =
      GENERATE("", " ms", "in ms", " in  ms", " in -5 ms", " in 5 s", " in 5 ms.", " in five ms",
               " in 99999999999999999999 ms", "connect again after a random pause");
  CHECK_FALSE(pause_in(sentence).has_value());
}
