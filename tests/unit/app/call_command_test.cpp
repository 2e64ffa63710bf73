// `linnet call` on the command line, and the file in which it keeps credentials.
#include "credentials.hpp"

#include "linnet/app/config.hpp"
#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

using namespace linnet;
using namespace linnet::app;

TEST_CASE("`linnet call` says what is to be done") {
  using Verb = CallCommand::Verb;
  auto call = parse_command_line({"call", "GetUser", "{}"}, {});
  REQUIRE(call.action == CommandLine::Action::kCall);
  CHECK(call.call.verb == Verb::kCall);
  CHECK(call.call.method == "GetUser");
  CHECK(call.call.server == "127.0.0.1:8081");
  auto sign_in = parse_command_line({"call", "--sign-in", "100", "--code", "1"}, {}).call;
  CHECK(sign_in.verb == Verb::kSignIn);
  CHECK(sign_in.phone_number == "100");
  CHECK(sign_in.code == "1");
  CHECK(parse_command_line({"call", "--list"}, {}).call.verb == Verb::kList);
  CHECK(parse_command_line({"call", "--keep-key"}, {}).call.verb == Verb::kKeepKey);

  CHECK(parse_command_line({"call"}, {}).exit_status == kExitUsage);
  CHECK(parse_command_line({"call", "A", "--timeout", "0"}, {}).exit_status == kExitUsage);
  CHECK(parse_command_line({"call", "A", "{}", "more"}, {}).exit_status == kExitUsage);
}

TEST_CASE("credentials are where the environment says") {
  const auto file = [](const Environment& environment) {
    return parse_command_line({"call", "A"}, environment).call.credentials_file;
  };
  CHECK(file({{"XDG_CONFIG_HOME", "/x"}, {"HOME", "/h"}}) == "/x/linnet/credentials.json");
  CHECK(file({{"HOME", "/h"}}) == "/h/.config/linnet/credentials.json");
  CHECK(file({{"XDG_CONFIG_HOME", "relative"}, {"HOME", "/h"}}) ==
        "/h/.config/linnet/credentials.json");
  CHECK(file({}).empty());
}

TEST_CASE("credentials come back as they were kept") {
  TempDir dir;
  const auto file = (dir.path() / "a" / "b" / "credentials.json").string();
  CHECK(read_credentials(file)->empty());
  Credentials credentials;
  credentials["h:1"] = Kept{7, 8, "token", ""};
  credentials["[::1]:2"] = Kept{0, 0, "", "lk_\"key"};
  REQUIRE(write_credentials(file, credentials));
  auto again = read_credentials(file);
  REQUIRE(again);
  REQUIRE(again->size() == 2);
  CHECK(again->at("h:1").device_id == 7);
  CHECK(again->at("h:1").user_id == 8);
  CHECK(again->at("h:1").token == "token");
  CHECK(again->at("[::1]:2").api_key == "lk_\"key");
}

TEST_CASE("what several processes keep at the same time is kept, all of it") {
  TempDir dir;
  const auto file = (dir.path() / "linnet" / "credentials.json").string();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&file, server = "host:" + std::to_string(i)] {
      static_cast<void>(change_credentials(file, server, [](Kept& kept) { kept.user_id = 7; }));
    });
  }
  for (auto& thread : threads)
    thread.join();
  const auto kept = read_credentials(file);
  REQUIRE(kept);
  CHECK(kept->size() == 8);
  CHECK(kept->at("host:3").user_id == 7);
}

TEST_CASE("credentials that cannot be trusted or kept are an error") {
  TempDir dir;
  const auto file = (dir.path() / "credentials.json").string();
  REQUIRE(write_credentials(file, {}));
  for (const char* text : {"", "{", "[]", R"({"servers":{"a":{}}})", R"({"servers":{"a":7}})"}) {
    INFO(text);
    std::ofstream(file) << text;
    CHECK(read_credentials(file).code() == ErrCode::kBadRequest);
  }
  std::filesystem::permissions(file, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  CHECK(read_credentials(file).code() == ErrCode::kBadRequest);
  CHECK(read_credentials(dir.path().string()).code() != ErrCode::kSuccess);
  CHECK(write_credentials(file + "/below", {}).code() == ErrCode::kStorage);
}
