// The example clients as programs: two people who type to each other through linnet-chat, and the
// two small clients that show what comes.
#include "support/dialogue.hpp"
#include "support/hook_server.hpp"
#include "support/raw_client.hpp"
#include "support/secret_file.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <string>

using namespace linnet;
using namespace linnet::test;
using Catch::Contains;

namespace {

std::string program(const std::string& name) {
  return (std::filesystem::path(LINNET_BINARY).parent_path() / name).string();
}

struct House {
  std::vector<std::string> options(const std::string& phone) const {
    return {"--phone",     phone,
            "--code",      kCode,
            "--http-port", std::to_string(server.http_port()),
            "--tcp-port",  std::to_string(server.tcp_port())};
  }
  std::filesystem::path state(const std::string& phone) const {
    return dir.path() / (phone + ".json");
  }
  std::vector<std::string> chat(const std::string& phone, bool web_socket = false) const {
    auto all = options(phone);
    all.insert(all.end(), {"--state", state(phone).string()});
    if (web_socket) all.emplace_back("--ws");
    return all;
  }

  TempDir dir;
  ServerProcess server{dir.path() / "data"};
};

// The id that a chat says it has.
std::string greet(Dialogue& chat) {
  const auto line = chat.wait_for("You are user ");
  chat.wait_for("* online");
  const auto digits = line.find_first_of("0123456789");
  return line.substr(digits, line.find_first_not_of("0123456789", digits) - digits);
}

void befriend(Dialogue& a, const std::string& a_id, Dialogue& b, const std::string& b_id) {
  a.type("/add " + b_id);
  b.wait_for("/agree " + a_id);
  b.type("/agree " + a_id);
  a.wait_for("is now your friend");
  a.type("/to " + b_id);
  b.type("/to " + a_id);
}

}  // namespace

TEST_CASE("two people find each other and chat, by TCP and by WebSocket") {
  House house;
  Dialogue anna(program("linnet-chat"), house.chat("100"));
  Dialogue ben(program("linnet-chat"), house.chat("200", true));
  const auto annas_id = greet(anna);
  const auto bens_id = greet(ben);
  anna.type("/name Anna");
  anna.wait_for("* you are Anna");

  befriend(anna, annas_id, ben, bens_id);
  anna.type("hello Ben");
  CHECK_THAT(ben.wait_for("hello Ben"), Contains("Anna (" + annas_id + ")"));
  ben.type("hello Anna");
  CHECK_THAT(anna.wait_for("hello Anna"), Contains(bens_id));
  anna.type("/friends");
  anna.wait_for("* user " + bens_id);
  anna.type("/quit");

  CHECK(anna.finish() == 0);
  CHECK(ben.finish() == 0);  // the end of the input is enough
}

TEST_CASE("who returns is who they were, and sees what they missed once") {
  House house;
  Dialogue anna(program("linnet-chat"), house.chat("100"));
  const auto annas_id = greet(anna);
  {
    Dialogue ben(program("linnet-chat"), house.chat("200"));
    befriend(anna, annas_id, ben, greet(ben));
    anna.type("seen");
    ben.wait_for("seen");
    ben.type("/quit");
    CHECK(ben.finish() == 0);
  }
  anna.type("missed 1");
  anna.type("missed 2");
  anna.type("/me");
  anna.wait_for("seq");  // what was typed before has been answered

  auto arguments = house.chat("200");
  Dialogue ben(program("linnet-chat"), arguments);
  ben.wait_for("missed 1");
  ben.wait_for("missed 2");
  CHECK(ben.finish() == 0);
  CHECK_THAT(ben.output(), !Contains("seen"));

  auto again = run_program(program("linnet-chat"), arguments);
  CHECK(again.status == 0);
  CHECK_THAT(again.out, !Contains("missed"));
}

TEST_CASE("what a person types on one device shows on their other one") {
  House house;
  Dialogue anna(program("linnet-chat"), house.chat("100"));
  Dialogue ben(program("linnet-chat"), house.chat("200"));
  const auto bens_id = greet(ben);
  befriend(anna, greet(anna), ben, bens_id);
  auto elsewhere = house.options("100");
  elsewhere.insert(elsewhere.end(), {"--state", (house.dir.path() / "other.json").string()});
  Dialogue tablet(program("linnet-chat"), elsewhere);
  greet(tablet);

  anna.type("from the phone");

  CHECK_THAT(tablet.wait_for("from the phone"), Contains("you, to"));
  ben.wait_for("from the phone");
  anna.type("/me");
  anna.wait_for("seq");
  CHECK(anna.finish() == 0);
  CHECK_THAT(anna.output(), !Contains("from the phone"));
}

TEST_CASE("the state file is its owner's alone, and the token is printed nowhere") {
  House house;
  auto outcome = run_program(program("linnet-chat"), house.chat("100"), "/me\n/friends\n/help\n");
  CHECK(outcome.status == 0);

  using std::filesystem::perms;
  const auto path = house.state("100");
  CHECK(std::filesystem::status(path).permissions() == (perms::owner_read | perms::owner_write));
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto key = text.find("\"token\": \"");
  REQUIRE(key != std::string::npos);
  const auto begin = key + 10;
  const auto token = text.substr(begin, text.find('"', begin) - begin);
  REQUIRE(token.size() > 10);
  CHECK_THAT(outcome.out + outcome.err, !Contains(token));
}

TEST_CASE("a received text cannot drive the terminal") {
  House house;
  Dialogue ben(program("linnet-chat"), house.chat("200"));
  const auto bens_id = UserId(std::stoll(greet(ben)));
  auto anna = sign_in(house.server.http_port(), "100");
  pb::AddFriendReq ask;
  ask.set_friend_id(bens_id.value());
  Caller caller(house.server.http_port());
  caller.use(anna);
  caller.call<pb::AddFriendResp>("/pb.LogicExt/AddFriend", ask);
  ben.wait_for("/agree");
  ben.type("/agree " + std::to_string(anna.id.value()));
  ben.wait_for("are friends");

  send_text(house.server.http_port(), anna, bens_id, "red \x1b[31m\r\nforged\x07 line");

  const auto line = ben.wait_for("forged");
  CHECK_THAT(line, Contains("red"));
  CHECK(line.find_first_of("\x1b\r\x07") == std::string::npos);
}

TEST_CASE("mistakes are told and end nothing") {
  House house;
  auto outcome = run_program(program("linnet-chat"), house.chat("100"),
                             "hello\n/add x\n/add 0\n/nonsense\n/to 99999\nhello\n/me\n");
  CHECK(outcome.status == 0);
  CHECK_THAT(outcome.out, Contains("choose whom"));
  CHECK_THAT(outcome.out, Contains("/nonsense"));
  CHECK_THAT(outcome.out, Contains("seq"));

  auto wrong = house.chat("300");
  wrong[3] = "000000";
  CHECK(run_program(program("linnet-chat"), wrong).status != 0);
}

TEST_CASE("who gives no code is sent one and types it, but for development mode") {
  TempDir dir;
  HookServer hook([](const HookRequest&) { return HookAnswer(); });
  ServerProcess server(dir.path() / "data", {"--set", "codes.hook=" + hook.url("/codes"), "--set",
                                             "hook.secret_file=" + write_secret(dir)});
  const auto options = [&](const ServerProcess& of) {
    return std::vector<std::string>{"--phone",     "100",
                                    "--http-port", std::to_string(of.http_port()),
                                    "--tcp-port",  std::to_string(of.tcp_port()),
                                    "--state",     (dir.path() / "state.json").string()};
  };
  {
    Dialogue chat(program("linnet-chat"), options(server));
    CHECK_THAT(chat.wait_for("a code was sent to 100"), Contains("300 seconds"));
    REQUIRE(hook.requests().size() == 1);
    chat.type(nlohmann::json::parse(hook.requests()[0].body)["code"].get<std::string>());
    CHECK(greet(chat) == "1");
    CHECK(chat.finish() == 0);
  }
  CHECK(run_program(program("linnet-chat"), options(server)).status == 0);
  CHECK(hook.requests().size() == 1);  // nobody asks who is known

  House house;
  auto unknown = run_program(program("linnet-chat"), {"--phone", "200", "--http-port",
                                                      std::to_string(house.server.http_port()),
                                                      "--state", house.state("200").string()});
  CHECK(unknown.status == 1);
  CHECK_THAT(unknown.out, Contains("printed it when it started"));
}

TEST_CASE("the small clients print what comes, missed or new, and acknowledge it") {
  House house;
  const auto http = house.server.http_port();
  auto anna = sign_in(http, "100");
  auto ben = sign_in(http, "200");
  make_friends(http, anna, ben);
  send_text(http, anna, ben.id, "missed");
  auto [name, web_socket] = GENERATE(
      table<std::string, bool>({{"linnet-tcp-client", false}, {"linnet-ws-client", true}}));
  auto options = house.options("200");
  if (web_socket) options.resize(6);  // it has no --tcp-port
  {
    Dialogue client(program(name), options);

    client.wait_for("missed");
    send_text(http, anna, ben.id, "new");
    CHECK_THAT(client.wait_for("new"), Contains(std::to_string(anna.id.value())));
    send_text(http, anna, ben.id, "newer");
    client.wait_for("newer");
  }
  // A new device begins after what another has acknowledged. The last acknowledgement may still be
  // on its way, the one before it is not.
  auto device = sign_in(http, "200");
  auto door = LongConnection::Door::kTcp;
  auto items = LongConnection::sign_in(door, house.server.tcp_port(), http, device).sync(0);
  CHECK(items.size() <= 1);
}
