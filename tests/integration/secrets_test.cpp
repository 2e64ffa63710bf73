// The test of the tests: a secret that came into a log would be seen.
#include "support/secrets.hpp"

#include <catch2/catch.hpp>

using namespace linnet::test;

TEST_CASE("a secret that a test has used is found in a log, wherever it stands") {
  const std::string random = "Zm9vYmFyYmF6cXV4_Zm9vYmFyYmF6cXV4-Zm9vYmE";
  remember_secret("12.34." + random);
  remember_secret("a pass phrase");
  CHECK(secret_in("").empty());
  CHECK(secret_in("INFO  signed_in user=12 device=34\n").empty());
  CHECK(secret_in("x " + random.substr(1)).empty());
  CHECK(secret_in("token=" + random) == random);
  CHECK(secret_in("target=/ws?token=12.34." + random + "&x=1\n") == random);
  CHECK(secret_in("said \"a pass phrase\"") == "a pass phrase");
}
