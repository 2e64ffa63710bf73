// Codes delivered by the operator's own server, through the real executable.
#include "support/hook_server.hpp"
#include "support/raw_client.hpp"
#include "support/secret_file.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace linnet;
using namespace linnet::test;

TEST_CASE("with a hook configured codes are sent, development mode is over, and no log has them") {
  TempDir dir;
  HookServer hook([](const HookRequest&) { return HookAnswer(); });
  ServerProcess server(dir.path() / "data", {"--http-listen", "0.0.0.0:0", "--log-level", "debug",
                                             "--set", "codes.hook=" + hook.url("/codes"), "--set",
                                             "hook.secret_file=" + write_secret(dir)});
  Caller caller(server.http_port());
  pb::SendCodeReq send;
  send.set_phone_number("+4915112345678");
  CHECK(caller.call<pb::SendCodeResp>("/pb.UserExt/SendCode", send).expires_in() == 300);

  REQUIRE(hook.requests().size() == 1);
  auto delivered = nlohmann::json::parse(hook.requests()[0].body);
  const std::string code = delivered["code"];
  pb::SignInReq sign_in;
  sign_in.set_phone_number("+4915112345678");
  sign_in.set_code(kCode);
  sign_in.set_device_id(new_device(server.http_port()).value());
  CHECK(caller.fails("/pb.UserExt/SignIn", sign_in).code == 1002);
  sign_in.set_code(code);
  CHECK(caller.call<pb::SignInResp>("/pb.UserExt/SignIn", sign_in).user_id() == 1);
  CHECK(caller.fails("/pb.UserExt/SignIn", sign_in).code == 1002);

  CHECK(server.stop() == 0);
  CHECK_THAT(server.log(), !Catch::Contains(code));
  CHECK_THAT(server.log(), !Catch::Contains("DEVELOPMENT"));
}

TEST_CASE("a hook that hangs is waited for as long as it may, and ends with the server") {
  TempDir dir;
  HookServer hook([](const HookRequest&) { return std::nullopt; });
  ServerProcess server(dir.path() / "data",
                       {"--set", "codes.hook=" + hook.url(), "--set", "hook.timeout_ms=200",
                        "--set", "hook.secret_file=" + write_secret(dir)});
  Caller caller(server.http_port());
  pb::SendCodeReq send;
  send.set_phone_number("100");
  auto failed = caller.fails("/pb.UserExt/SendCode", send);
  CHECK(failed.code == 2025);
  CHECK(failed.status == 503);
  CHECK(server.stop() == 0);
}
