#include "options.hpp"
#include "support/secret_file.hpp"

#include "linnet/app/config.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

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

TEST_CASE("one address leaves the others most of the places of those who wait for keys") {
  TempDir dir;
  Config config;
  config.user.mode = "jwt";
  config.jwt.algorithm = "ES256";
  config.jwt.jwks_url = "http://127.0.0.1:9/keys";
  config.hook.queue = 1000;
  auto options = account_options(config);
  REQUIRE(options);
  CHECK(options->tokens_at_once == 250);
  // Keys that came with the configuration are there: nobody waits.
  config.jwt.algorithm = "HS256";
  config.jwt.jwks_url.clear();
  config.jwt.key_file = test::write_secret(dir);
  options = account_options(config);
  REQUIRE(options);
  CHECK(options->tokens_at_once == 0);
}

TEST_CASE("settings of accounts that exclude each other are refused with a sentence") {
  struct Case {
    std::vector<std::pair<std::string, std::string>> set;
    std::string says;
  };
  const std::vector<Case> cases = {
      {{{"codes.hook", "http://h/"}, {"user.dev_code", "1234"}}, "user.dev_code"},
      {{{"user.mode", "hook"}, {"user.dev_code", "1234"}}, "user.dev_code"},
      {{{"user.mode", "hook"}, {"codes.hook", "http://h/"}}, "codes.hook"},
      {{{"user.mode", "jwt"}, {"user.passwords", "true"}}, "user.passwords"},
      {{{"user.mode", "jwt"}, {"devices.policy", "single"}}, "devices.policy"},
      {{{"user.mode", "hook"}}, "user.hook must be set"},
      {{{"user.mode", "jwt"}}, "jwt.algorithm must be set"},
      {{{"user.mode", "jwt"}, {"jwt.algorithm", "HS256"}}, "one of jwt.key_file"},
      {{{"user.mode", "jwt"},
        {"jwt.algorithm", "HS256"},
        {"jwt.key_file", "k"},
        {"jwt.jwks_url", "http://h/"}},
       "one of jwt.key_file"},
  };
  for (const auto& c : cases) {
    Config config;
    for (const auto& [key, value] : c.set)
      REQUIRE(set_value(config, key, value, "test"));
    auto options = account_options(config);
    INFO(c.says);
    REQUIRE(options.code() == ErrCode::kBadRequest);
    CHECK_THAT(options.error().message(), Catch::Contains(c.says));
  }
}

TEST_CASE("a secret is the text of its file, which must be there and neither short nor endless") {
  TempDir dir;
  const auto file = (dir.path() / "secret").string();
  Config config;
  config.codes.hook = "http://127.0.0.1:9/code";
  config.hook.secret_file = file;
  CHECK_THAT(account_options(config).error().message(), Catch::EndsWith("cannot be read"));

  std::ofstream(file) << std::string(31, 'x') << "\r\n\n";
  CHECK_THAT(account_options(config).error().message(), Catch::Contains("32 bytes or more"));
  std::ofstream(file) << std::string(262145, 'x');
  CHECK_THAT(account_options(config).error().message(), Catch::EndsWith("longer than any key"));
  std::ofstream(file) << std::string(32, 'x') << "\r\n\n";
  auto options = account_options(config);
  REQUIRE(options);
  CHECK(options->hook_secret == std::string(32, 'x'));
  REQUIRE(options->code_hook);
  CHECK(options->code_hook->target == "/code");
}

TEST_CASE("keys of JSON Web Tokens come from a file or a URL, for the algorithm that is set") {
  TempDir dir;
  const auto file = (dir.path() / "keys").string();
  std::ofstream(file) << std::string(32, 'k') << "\n";
  Config config;
  config.user.mode = "jwt";
  config.jwt.algorithm = "HS256";
  config.jwt.key_file = file;
  config.jwt.issuer = "https://id.example";
  auto options = account_options(config);
  REQUIRE(options);
  REQUIRE(options->jwt);
  CHECK(options->jwt->algorithm == user::JwtAlgorithm::kHs256);
  CHECK(options->jwt->keys == std::string(32, 'k'));
  CHECK(options->jwt->rules.issuer == "https://id.example");
  // The same file is no public key.
  for (const char* other : {"RS256", "ES256", "EdDSA"}) {
    config.jwt.algorithm = other;
    CHECK_THAT(account_options(config).error().message(), Catch::StartsWith("jwt.key_file: "));
  }
  config.jwt.key_file = file + "-none";
  CHECK_THAT(account_options(config).error().message(), Catch::EndsWith("cannot be read"));

  config.jwt.key_file.clear();
  config.jwt.jwks_url = "https://id.example/keys";
  const std::vector<std::pair<const char*, user::JwtAlgorithm>> algorithms = {
      {"RS256", user::JwtAlgorithm::kRs256},
      {"ES256", user::JwtAlgorithm::kEs256},
      {"EdDSA", user::JwtAlgorithm::kEdDsa}};
  for (const auto& [name, algorithm] : algorithms) {
    config.jwt.algorithm = name;
    options = account_options(config);
    REQUIRE(options);
    REQUIRE(options->jwt);
    CHECK(options->jwt->algorithm == algorithm);
    REQUIRE(options->jwt->jwks_url);
    CHECK(options->jwt->jwks_url->host == "id.example");
  }
}

TEST_CASE("each policy of devices is the one that is named") {
  const std::vector<std::pair<const char*, user::DevicePolicy>> policies = {
      {"any", user::DevicePolicy::kAny},
      {"per_type", user::DevicePolicy::kPerType},
      {"per_class", user::DevicePolicy::kPerClass},
      {"single", user::DevicePolicy::kSingle}};
  for (const auto& [name, policy] : policies) {
    Config config;
    REQUIRE(set_value(config, "devices.policy", name, "test"));
    auto options = account_options(config);
    REQUIRE(options);
    CHECK(options->device_policy == policy);
  }
}

TEST_CASE("development mode ends, and hooks are asked, with the first system of the operator's") {
  struct Case {
    std::string key;
    std::string value;
    bool development;
    bool hooks;
  };
  const std::vector<Case> cases = {
      {"user.passwords", "true", true, false},   {"codes.hook", "http://h/", false, true},
      {"user.mode", "hook", false, true},        {"user.mode", "jwt", false, false},
      {"jwt.jwks_url", "http://h/", true, true},
  };
  for (const auto& c : cases) {
    Config config;
    REQUIRE(set_value(config, c.key, c.value, "test"));
    CAPTURE(c.key, c.value);
    CHECK(is_development(config) == c.development);
    CHECK(needs_hooks(config) == c.hooks);
  }
}

TEST_CASE("the client of hooks is as patient, as busy and as trusting as its settings say") {
  Config config;
  config.hook.timeout_ms = 1234;
  config.hook.at_once = 3;
  config.hook.queue = 17;
  config.hook.ca_file = "/ca.pem";
  const auto options = http_client_options(config);
  CHECK(options.timeout == std::chrono::milliseconds(1234));
  CHECK(options.at_once == 3);
  CHECK(options.queue == 17);
  CHECK(options.ca_file == "/ca.pem");
}
