// The executable's own behaviour: starting, refusing to start, stopping.
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <sys/stat.h>

using namespace linnet;
using namespace linnet::test;

namespace {

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("the server makes its directory, serves, and ends with status 0 on SIGTERM") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  auto anna = sign_in(server.http_port(), "100");

  CHECK(anna.id == UserId(1));
  CHECK(std::filesystem::exists(dir.path() / "data" / "linnet.db"));
  struct stat info {};
  REQUIRE(stat((dir.path() / "data").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  CHECK(server.stop() == 0);
}

TEST_CASE("what was acknowledged before SIGTERM is there after a restart") {
  TempDir dir;
  TestUser anna;
  {
    ServerProcess server(dir.path() / "data");
    anna = sign_in(server.http_port(), "100");
    for (int i = 1; i <= 20; ++i)
      send_text(server.http_port(), anna, anna.id, "note " + std::to_string(i));
    CHECK(server.stop() == 0);
  }
  ServerProcess server(dir.path() / "data");
  auto connection = LongConnection::sign_in(LongConnection::Door::kTcp, server.tcp_port(),
                                            server.http_port(), anna);
  auto items = connection.sync(0);

  REQUIRE(items.size() == 20);
  for (int i = 0; i < 20; ++i) {
    CHECK(items[static_cast<std::size_t>(i)].seq() == i + 1);
    CHECK(text_of(items[static_cast<std::size_t>(i)]) == "note " + std::to_string(i + 1));
  }
}

TEST_CASE("what cannot start says why in one line and leaves nothing started") {
  TempDir dir;
  ServerProcess running(dir.path() / "taken");
  std::ofstream(dir.path() / "a-file") << "x";
  struct Case {
    std::vector<std::string> more;
    int status;
    std::string says;
  };
  std::vector<Case> cases{
      {{"--tcp-listen", "127.0.0.1:" + std::to_string(running.tcp_port())}, 1, "in use"},
      {{"--http-listen", running.http_address()}, 1, "in use"},
      {{"--data-dir", (dir.path() / "a-file" / "data").string()}, 1, "a-file"},
      {{"--data-dir", (dir.path() / "taken").string()}, 1, "another"},
      {{"--tcp-listen", "0.0.0.0:0"}, 1, "loopback"},
      {{"--http-listen", "[::]:0"}, 1, "loopback"},
#ifdef LINNET_GRPC  // without it the server has no such door
      {{"--set", "grpc.listen=0.0.0.0:0"}, 1, "loopback"},
#endif
      {{"--set", "grpc.listen=127.0.0.1:0,example"}, 78, "grpc.listen"},
      {{"--set", "codes.hook=http://127.0.0.1:1/"}, 78, "hook.secret_file"},
      {{"--set", "codes.hook=http://127.0.0.1:1/", "--dev-code", "1234"}, 78, "user.dev_code"},
      {{"--set", "codes.hook=hooks.example"}, 78, "codes.hook"},
      {{"--tcp-listen", "example:99"}, 78, "tcp.listen"},
      {{"--set", "store.synchronous=sometimes"}, 78, "full or normal"},
      {{"--set", "store.nonsense=1"}, 78, "store.nonsense"},
      {{"--frobnicate"}, 2, "--frobnicate"},
  };
  for (const auto& c : cases) {
    std::vector<std::string> all{"--log-level", "off", "--set", "grpc.listen="};
    auto has = [&](const char* flag) { return c.more.front() == flag; };
    if (!has("--tcp-listen")) all.insert(all.end(), {"--tcp-listen", "127.0.0.1:0"});
    if (!has("--http-listen")) all.insert(all.end(), {"--http-listen", "127.0.0.1:0"});
    if (!has("--data-dir")) all.insert(all.end(), {"--data-dir", (dir.path() / "fresh").string()});
    all.insert(all.end(), c.more.begin(), c.more.end());
    auto outcome = run_program(LINNET_BINARY, all);
    CAPTURE(c.says, outcome.err);
    CHECK(outcome.status == c.status);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, Catch::Contains(c.says));
    CHECK(lines(outcome.err) == 1);
  }
  sign_in(running.http_port(), "100");  // the one that runs is undisturbed
}

TEST_CASE("help, version and the configuration are printed on stdout") {
  TempDir dir;
  CHECK_THAT(run_program(LINNET_BINARY, {"--help"}).out, Catch::Contains("--tcp-listen"));
  CHECK_THAT(run_program(LINNET_BINARY, {"--version"}).out, Catch::StartsWith("linnet "));
  auto config = run_program(LINNET_BINARY, {"config", "--data-dir", "elsewhere"});
  CHECK(config.status == 0);
  CHECK_THAT(config.out, Catch::Contains("data_dir = \"elsewhere\""));
}

TEST_CASE("the code that is printed signs in, another does not, and the log keeps no token") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  auto log = server.log();
  auto at = log.find("with the code ");
  REQUIRE(at != std::string::npos);
  auto code = log.substr(at + 14, 6);
  CHECK_THAT(log, Catch::Contains("DEVELOPMENT MODE"));

  auto anna = sign_in(server.http_port(), "100");
  pb::SignInReq request;
  request.set_phone_number("100");
  request.set_device_id(anna.device.value());
  request.set_code(code);
  Caller caller(server.http_port());
  auto again = caller.call<pb::SignInResp>("/pb.UserExt/SignIn", request);
  CHECK(again.user_id() == anna.id.value());
  request.set_code(code == "000000" ? "000001" : "000000");
  CHECK(caller.fails("/pb.UserExt/SignIn", request).code == 1002);

  CHECK(server.log().find(again.token()) == std::string::npos);
  CHECK(server.log().find(anna.token) == std::string::npos);
}
