// Passwords and searching through the real executable.
#include "support/raw_client.hpp"
#include "support/secrets.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::test;

namespace {

std::uint64_t commits(const ServerProcess& server) {
  const std::string name = "\nlinnet_commit_seconds_count ";
  const auto text = http(server.http_port(), "GET", "/metrics").body;
  const auto at = text.find(name);
  REQUIRE(at != std::string::npos);
  return std::stoull(text.substr(at + name.size()));
}

}  // namespace

TEST_CASE("a password outlives a restart, and the log never has it") {
  TempDir dir;
  const std::vector<std::string> more{"--set", "user.passwords=true", "--log-level", "debug"};
  const std::string password = "correct horse battery";
  remember_secret(password);
  pb::SignInByPasswordReq request;
  request.set_phone_number("100");
  request.set_password(password);
  {
    ServerProcess server(dir.path() / "data", more);
    auto anna = sign_in(server.http_port(), "100");
    Caller caller(server.http_port());
    caller.use(anna);
    pb::SetPasswordReq set;
    set.set_password(password);
    caller.call<pb::SetPasswordResp>("/pb.UserExt/SetPassword", set);
    request.set_device_id(anna.device.value());
    CHECK(server.stop() == 0);
  }
  ServerProcess server(dir.path() / "data", more);
  Caller caller(server.http_port());
  auto signed_in = caller.call<pb::SignInResp>("/pb.UserExt/SignInByPassword", request);
  CHECK(signed_in.user_id() == 1);
  remember_secret(signed_in.token());
  TestUser anna{UserId(1), DeviceId(request.device_id()), signed_in.token()};
  caller.use(anna);
  CHECK(caller.call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", pb::GetFriendsReq())
            .friends_size() == 0);
  request.set_password("correct horse");
  CHECK(caller.fails("/pb.UserExt/SignInByPassword", request).code == 2024);
  CHECK_THAT(server.log(), !Catch::Contains(password));
}

TEST_CASE("wrong passwords count over a kill, and those of nobody cost no commit") {
  TempDir dir;
  const std::vector<std::string> more{
      "--set", "user.passwords=true", "--set", "http.metrics=true",
      "--set", "limits.enabled=true", "--set", "limits.code_failures_per_minute=4"};
  const std::string password = "correct horse battery";
  remember_secret(password);
  pb::SignInByPasswordReq request;
  const auto code = [&](const ServerProcess& server, const std::string& number,
                        const std::string& guess) {
    request.set_phone_number(number);
    request.set_password(guess);
    return Caller(server.http_port()).fails("/pb.UserExt/SignInByPassword", request).code;
  };
  {
    ServerProcess server(dir.path() / "data", more);
    const auto anna = sign_in(server.http_port(), "100");
    Caller caller(server.http_port());
    caller.use(anna);
    pb::SetPasswordReq set;
    set.set_password(password);
    caller.call<pb::SetPasswordResp>("/pb.UserExt/SetPassword", set);
    request.set_device_id(anna.device.value());

    const auto before = commits(server);
    for (const char* nobodys : {"200", "300", "400", "500"})
      for (int i = 0; i < 3; ++i)
        CHECK(code(server, nobodys, "a wrong one") == 2024);
    CHECK(commits(server) < before + 3);

    for (int i = 0; i < 4; ++i)
      CHECK(code(server, "100", "a wrong one") == 2024);
    CHECK(code(server, "100", password) == 2003);
    // Is committed behind what was noted.
    new_device(server.http_port());
    server.kill();
  }
  ServerProcess server(dir.path() / "data", more);
  CHECK(code(server, "100", password) == 2003);
  CHECK(code(server, "200", "a wrong one") == 2024);
}

TEST_CASE("users find each other by their whole numbers, but not their numbers by profiles") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  auto anna = sign_in(server.http_port(), "100");
  auto ben = sign_in(server.http_port(), "+200");
  Caller caller(server.http_port());
  caller.use(anna);
  pb::SearchUserReq search;
  search.set_phone_number("+200");
  auto found = caller.call<pb::SearchUserResp>("/pb.UserExt/SearchUser", search);
  REQUIRE(found.users_size() == 1);
  CHECK(found.users(0).user_id() == ben.id.value());
  CHECK(found.SerializeAsString().find("200") == std::string::npos);
  search.set_phone_number("200");
  CHECK(caller.call<pb::SearchUserResp>("/pb.UserExt/SearchUser", search).users_size() == 0);

  Caller as_ben(server.http_port());
  as_ben.use(ben);
  pb::BlockUserReq block;
  block.set_user_id(anna.id.value());
  as_ben.call<pb::BlockUserResp>("/pb.LogicExt/BlockUser", block);
  search.set_phone_number("+200");
  CHECK(caller.call<pb::SearchUserResp>("/pb.UserExt/SearchUser", search).users_size() == 0);
}
