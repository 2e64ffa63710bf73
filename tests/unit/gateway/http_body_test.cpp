// Bodies of the Connect protocol: what is read, what unpacked, and what is packed.
#include "connect_kit.hpp"
#include "http/compression.hpp"
#include "http/encoding.hpp"
#include "pb/conn.ext.pb.h"
#include "pb/linnet.pb.h"

using namespace linnet;
using namespace linnet::gateway;
using namespace linnet::gateway::fakes;

TEST_CASE("a body that does not parse is told with a reason") {
  OpenDoor door;
  for (std::string_view body : {"", "  \r\n", "{", "[]", R"({"receiverId":"x"})"})
    check_error(door.ask(json_call(kSend, body)), 400, "invalid_argument", ErrCode::kBadRequest);

  auto call = request("POST", kSend);
  call.headers.add("Authorization", "Bearer " + std::string(kToken));
  call.headers.add("Content-Type", "application/proto");
  call.body = "\xff\xff\xff";
  auto answer = door.ask(call);
  check_error(answer, 400, "invalid_argument", ErrCode::kBadRequest);
  CHECK(answer.body.find("pb.SendMessageReq") != std::string::npos);
  CHECK(door.handlers.calls == 0);
}

TEST_CASE("a body in gzip is read as the one in it") {
  OpenDoor door;
  auto call = json_call(kGetUser, gzip(R"({"userId":"12"})"));
  call.headers.add("Content-Encoding", "gzip");
  CHECK(Json::parse(door.ask(call).body)["user"]["userId"] == "12");

  auto plain = json_call(kSend, "{}");
  plain.headers.add("Content-Encoding", "identity");
  CHECK(door.ask(plain).status == 200);
}

TEST_CASE("a body that is empty is not decompressed") {
  OpenDoor door;
  auto call = request("POST", kGetUser);
  call.headers.add("Authorization", "Bearer " + std::string(kToken));
  call.headers.add("Content-Type", "application/proto");
  call.headers.add("Content-Encoding", "gzip");
  CHECK(door.ask(call).status == 200);
}

TEST_CASE("a body that is no gzip, or too large in it, is refused") {
  OpenDoor door;
  door.options.body_bytes = 100;
  const auto bomb = gzip(std::string(100000, ' '));
  REQUIRE(bomb.size() > 100);
  auto call = json_call(kSend, gzip("{" + std::string(5000, ' ') + "}"));
  REQUIRE(call.body.size() < 100);
  call.headers.add("Content-Encoding", "gzip");
  check_error(door.ask(call), 429, "resource_exhausted", ErrCode::kTooLarge);

  const auto good = gzip("{}");
  for (const auto& body : {std::string("{}"), good.substr(0, good.size() - 1), good + "x"}) {
    call.body = body;
    check_error(door.ask(call), 400, "invalid_argument", ErrCode::kBadRequest);
  }
  CHECK(door.handlers.calls == 0);
}

TEST_CASE("nothing is unpacked or read for who has not proved anything") {
  OpenDoor door;
  auto call = json_call(kSend, gzip(std::string(5'000'000, ' ')));
  call.headers = {};
  call.headers.add("Content-Type", "application/json");
  call.headers.add("Content-Encoding", "gzip");
  check_error(door.ask(call), 401, "unauthenticated", ErrCode::kUnauthorized);
  call.body = "no gzip";
  check_error(door.ask(call), 401, "unauthenticated", ErrCode::kUnauthorized);
}

TEST_CASE("a call that anyone may make has 16 KB, unpacked or not") {
  OpenDoor door;
  auto sign_in = [&](std::size_t spaces, bool packed) {
    const auto body = "{" + std::string(spaces, ' ') + "}";
    auto call = request("POST", "/pb.UserExt/SignIn");
    call.headers.add("Content-Type", "application/json");
    if (packed) call.headers.add("Content-Encoding", "gzip");
    call.body = packed ? gzip(body) : body;
    return door.ask(call);
  };
  for (const bool packed : {false, true}) {
    CHECK(sign_in(api::kUnprovedBytes - 2, packed).status == 200);
    check_error(sign_in(api::kUnprovedBytes - 1, packed), 429, "resource_exhausted",
                ErrCode::kTooLarge);
  }
}

TEST_CASE("an encoding that is not ours is refused by naming what is supported") {
  OpenDoor door;
  for (std::string_view encoding : {"br", "gzip, gzip", "deflate", "gzipp"}) {
    auto call = json_call(kSend, "{}");
    call.headers.add("Content-Encoding", encoding);
    auto answer = door.ask(call);
    INFO(encoding);
    check_error(answer, 501, "unimplemented", ErrCode::kUnimplemented);
    CHECK(answer.body.find("gzip or identity") != std::string::npos);
    CHECK(header(answer, "Accept-Encoding") == "gzip");
  }
}

TEST_CASE("an answer is compressed when that is worth it and the client takes it") {
  struct Case {
    std::string accept;
    std::size_t size;
    bool packed;
  };
  for (const auto& one : std::vector<Case>{{"gzip", 5000, true},
                                           {"br, GZIP;q=0.5", 5000, true},
                                           {"gzip", 10, false},
                                           {"", 5000, false},
                                           {"br", 5000, false},
                                           {"gzip;q=0", 5000, false},
                                           {"gzip; q=0.000", 5000, false}}) {
    OpenDoor door;
    door.handlers.nickname = std::string(one.size, 'n');
    auto call = json_call(kGetUser, "{}");
    call.headers.add("Accept-Encoding", one.accept);
    auto answer = door.ask(call);
    INFO(one.accept << " " << one.size);
    REQUIRE(answer.status == 200);
    CHECK((header(answer, "Content-Encoding") == "gzip") == one.packed);
    CHECK(header(answer, "Vary") == "Accept-Encoding");
    auto body = one.packed ? gunzip(answer.body, 10000).value() : answer.body;
    CHECK(Json::parse(body)["user"]["nickname"] == door.handlers.nickname);
  }
}

TEST_CASE("a body over the limit is resource_exhausted") {
  OpenDoor door;
  door.options.body_bytes = 10;
  check_error(door.ask(json_call(kSend, "{           }")), 429, "resource_exhausted",
              ErrCode::kTooLarge);
}
