#include "options.hpp"
#include "support/secret_file.hpp"

#include "linnet/app/config.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::app;

TEST_CASE("tokens of our own are looked up as many at once as come from one address") {
  Config config;
  auto options = account_options(config);
  REQUIRE(options);
  CHECK(options->tokens_at_once == 0);
}

TEST_CASE("one address leaves the others most of the queue of hooks") {
  TempDir dir;
  Config config;
  config.user.mode = "hook";
  config.user.hook = "http://127.0.0.1:9/users";
  config.hook.secret_file = test::write_secret(dir);
  config.hook.queue = 1000;
  auto options = account_options(config);
  REQUIRE(options);
  CHECK(options->tokens_at_once == 250);
}
