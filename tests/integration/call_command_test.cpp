// `linnet call` against a running server, and the documents that it serves.
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

using namespace linnet;
using namespace linnet::test;
using Catch::Contains;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

struct CallCommandFixture {
  TempDir dir;
  std::string data = (dir.path() / "data").string();
  ServerProcess server{data};
  fs::path kept = dir.path() / "config" / "linnet" / "credentials.json";

  Outcome call_at(const std::string& address, std::vector<std::string> arguments,
                  const std::string& input = {}) {
    arguments.insert(arguments.begin(), {"call", "--server", address});
    return run_program(LINNET_BINARY, arguments, input,
                       {"XDG_CONFIG_HOME=" + (dir.path() / "config").string()});
  }
  Outcome call(std::vector<std::string> arguments, const std::string& input = {}) {
    return call_at(server.http_address(), std::move(arguments), input);
  }
  Json answer(const std::vector<std::string>& arguments, const std::string& input = {}) {
    auto outcome = call(arguments, input);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return Json::parse(outcome.out);
  }
};

}  // namespace

TEST_CASE_METHOD(CallCommandFixture, "a shell signs in once and calls by name") {
  auto me = answer({"--sign-in", "100", "--code", kCode});
  auto user = answer({"GetUser", Json{{"userId", me["userId"]}}.dump()})["user"];
  CHECK(user["userId"] == me["userId"]);

  answer({"UserExt.UpdateUser", "-"}, R"({"nickname":"Anna"})");
  for (const char* name : {"UserExt/GetUser", "pb.UserExt.GetUser", "/pb.UserExt/GetUser"})
    CHECK(answer({name, Json{{"userId", me["userId"]}}.dump()})["user"]["nickname"] == "Anna");

  // Again, with the code from standard input: on the device that it has.
  CHECK(answer({"--sign-in", "100"}, std::string(kCode) + "\n") == me);
  CHECK(answer({"ListDevices"})["devices"].size() == 1);
}

TEST_CASE_METHOD(CallCommandFixture, "what is kept is for its owner and its server alone") {
  answer({"--sign-in", "100", "--code", kCode});
  CHECK((fs::status(kept).permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK((fs::status(kept.parent_path()).permissions() & fs::perms::mask) == fs::perms::owner_all);
  CHECK_FALSE(fs::exists(kept.string() + ".new"));

  // Another name for the same server is another server: nothing is sent there.
  auto port = ":" + std::to_string(server.http_port());
  auto elsewhere = call_at("localhost" + port, {"ListDevices"});
  CHECK(elsewhere.status == 2);
  CHECK_THAT(elsewhere.err, Contains("--sign-in"));

  fs::permissions(kept, fs::perms::group_read, fs::perm_options::add);
  auto open = call({"ListDevices"});
  CHECK(open.status == 1);
  CHECK_THAT(open.err, Contains("chmod 600"));
  fs::permissions(kept, fs::perms::group_read, fs::perm_options::remove);
  std::ofstream(kept) << "{\"servers\":[1]}";
  CHECK_THAT(call({"ListDevices"}).err, Contains("is damaged"));
}

TEST_CASE_METHOD(CallCommandFixture, "a failure is one line with number, name and sentence") {
  auto early = call({"ListDevices"});
  CHECK(early.status == 2);
  CHECK_THAT(early.err, Contains("LogicExt.ListDevices needs credentials"));
  auto code = call({"--sign-in", "100", "--code", "000000"});
  CHECK(code.status == 1);
  CHECK_THAT(code.err, Catch::StartsWith("linnet: 1002 EC_BAD_CODE: "));
  CHECK_FALSE(fs::exists(kept));

  answer({"--sign-in", "100", "--code", kCode});
  auto missing = call({"GetUser", R"({"userId":999})"});
  CHECK(missing.status == 1);
  CHECK(missing.out.empty());
  CHECK(missing.err == "linnet: 1011 EC_USER_NOT_EXIST: there is no such user\n");
  CHECK(call({"GetUser", "{"}).status == 2);
  auto mistyped = call({"SetFriend", R"({"friendId":"2","remarks":"Benny"})"});
  CHECK(mistyped.status == 2);
  CHECK_THAT(mistyped.err, Contains("friendId"));
  CHECK_THAT(mistyped.err, Contains("SetFriendReq has userId, remarks, extra\n"));
  CHECK(call({"Nonsense"}).status == 2);
  CHECK(call({}).status == 2);
  for (const char* bad : {"nowhere", ":1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000"})
    CHECK_THAT(call_at(bad, {"GetUser"}).err, Contains("is no HOST:PORT"));

  server.stop();
  auto gone = call({"GetUser", R"({"userId":1})"});
  CHECK(gone.status == 1);
  CHECK_THAT(gone.err, Contains("cannot connect"));
}

TEST_CASE_METHOD(CallCommandFixture,
                 "a kept API key is for the calls of servers, beside the token") {
  auto key =
      run_program(LINNET_BINARY, {"key", "create", "test", "--scope", "users", "--data-dir", data});
  REQUIRE(key.status == 0);
  auto me = answer({"--sign-in", "100", "--code", kCode});
  CHECK(call({"--keep-key"}, "").status == 2);
  CHECK(call({"--keep-key"}, key.out).status == 0);

  const auto id = me["userId"].get<std::string>();
  auto users = answer({"GetUsers", R"({"userIds":[")" + id + R"("]})"})["users"];
  CHECK(users[id]["userId"] == id);
  CHECK(answer({"ListDevices"})["devices"].size() == 1);
  CHECK_THAT(call({"KickDevice"}).err, Contains("2012 EC_FORBIDDEN"));
}

TEST_CASE_METHOD(CallCommandFixture, "the list needs no server, the help is true") {
  server.stop();
  auto list = call({"--list"});
  CHECK(list.status == 0);
  CHECK_THAT(list.out, Contains("LogicExt.SendMessage") && Contains("a signed-in device"));
  auto help = call({"--help"});
  CHECK(help.status == 0);
  for (const char* flag : {"--server", "--sign-in", "--code", "--keep-key", "--list", "--timeout"})
    CHECK_THAT(help.out, Contains(flag));
}

TEST_CASE_METHOD(CallCommandFixture, "a server describes its calls to programs") {
  auto openapi = http(server.http_port(), "GET", "/openapi.json");
  CHECK(openapi.status == 200);
  CHECK(openapi.headers["content-type"] == "application/json");
  CHECK(Json::parse(openapi.body)["paths"].contains("/pb.LogicExt/SendMessage"));
  auto set = http(server.http_port(), "GET", "/descriptor.binpb");
  CHECK(set.status == 200);
  CHECK(set.headers["content-type"] == "application/octet-stream");
  CHECK_THAT(set.body, Contains("pb/logic.ext.proto") && Contains("google/protobuf/any.proto"));
  auto posted = http(server.http_port(), "POST", "/openapi.json", {}, "{}");
  CHECK(posted.status == 405);
  CHECK(posted.headers["allow"] == "GET, HEAD");
}
