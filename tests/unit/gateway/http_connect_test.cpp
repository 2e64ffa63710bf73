// The Connect protocol, driven without sockets.
#include "connect_kit.hpp"
#include "http/compression.hpp"
#include "http/encoding.hpp"
#include "pb/conn.ext.pb.h"
#include "pb/linnet.pb.h"

using namespace linnet;
using namespace linnet::gateway;
using namespace linnet::gateway::fakes;

TEST_CASE("a JSON call reaches its handler with the identity and the content of the message") {
  OpenDoor door;

  auto answer = door.ask(json_call(kSend, R"({"receiverType":"RT_USER","receiverId":"9",
      "messageType":"MT_TEXT","messageContent":{"text":"hello"},"requestId":"5"})"));

  CHECK(answer.status == 200);
  CHECK(header(answer, "Content-Type") == "application/json");
  CHECK(header(answer, "Cache-Control") == "no-store");
  CHECK(header(answer, "X-Content-Type-Options") == "nosniff");
  CHECK(Json::parse(answer.body)["seq"] == "42");
  CHECK(door.handlers.last_caller.identity.user == UserId(7));
  CHECK(door.handlers.last_caller.identity.device == DeviceId(70));
  CHECK(door.handlers.last_caller.address == "192.0.2.1");
  CHECK(door.handlers.last_send.request_id() == 5);
  pb::Text text;
  REQUIRE(text.ParseFromString(door.handlers.last_send.message_content()));
  CHECK(text.text() == "hello");
}

TEST_CASE("a protobuf call is answered in protobuf, and an empty body is the default message") {
  OpenDoor door;
  auto call = request("POST", kGetUser);
  call.headers.add("content-type", "application/proto");
  call.headers.add("user_id", "7");
  call.headers.add("device_id", "70");
  call.headers.add("token", kToken);

  auto answer = door.ask(call);

  CHECK(answer.status == 200);
  CHECK(header(answer, "Content-Type") == "application/proto");
  pb::GetUserResp response;
  REQUIRE(response.ParseFromString(answer.body));
  CHECK(response.user().user_id() == 0);
}

TEST_CASE("credentials may come under names that proxies let through") {
  OpenDoor door;
  auto call = request("POST", kGetUser);
  call.headers.add("Content-Type", "application/json; charset=UTF-8");
  call.headers.add("X-User-Id", "7");
  call.headers.add("X-Device-Id", "70");
  call.headers.add("X-Token", kToken);
  call.body = "{}";

  CHECK(door.ask(call).status == 200);
}

TEST_CASE("refused credentials are told with the number, the name and the request id") {
  OpenDoor door;
  auto call = json_call(kGetUser, "{}");
  call.headers = HttpHeaders();
  call.headers.add("Content-Type", "application/json");
  call.headers.add("Authorization", "Bearer l1.7.70.wrong");
  call.headers.add("X-Request-Id", "trace-1");

  auto answer = door.ask(call);

  check_error(answer, 401, "unauthenticated", ErrCode::kUnauthorized);
  CHECK(header(answer, "X-Request-Id") == "trace-1");
  auto detail = Json::parse(answer.body)["details"][0];
  CHECK(detail["type"] == "pb.ErrorInfo");
  CHECK(detail["debug"]["reason"] == "EC_UNAUTHORIZED");
  auto value = detail["value"].get<std::string>();
  CHECK(value.find('=') == std::string::npos);
  pb::ErrorInfo info;
  REQUIRE(info.ParseFromString(base64_decode(value).value()));
  CHECK(info.code() == 1003);
  CHECK(info.reason() == "EC_UNAUTHORIZED");
  CHECK(info.request_id() == "trace-1");
  CHECK(door.handlers.calls == 0);
}

TEST_CASE("an id that is no number is refused before the call") {
  OpenDoor door;
  auto call = request("POST", kGetUser);
  call.headers.add("Content-Type", "application/json");
  call.headers.add("user_id", "seven");
  call.body = "{}";

  check_error(door.ask(call), 400, "invalid_argument", ErrCode::kBadRequest);
}

TEST_CASE("an error of the handler keeps its own code") {
  OpenDoor door;
  check_error(door.ask(json_call(kGetUser, R"({"userId":"404"})")), 404, "not_found",
              ErrCode::kUserNotExist);
}

TEST_CASE("the request id is the client's when it is fit to be shown, otherwise one of ours") {
  struct Case {
    std::string sent;
    bool echoed;
    std::int64_t retry;
  };
  const std::vector<Case> cases = {{"17", true, 17},
                                   {"trace-1", true, 0},
                                   {std::string(64, 'x'), true, 0},
                                   {std::string(65, 'x'), false, 0},
                                   {"two words", false, 0},
                                   {"99999999999999999999", true, 0},
                                   {"", false, 0}};
  for (const auto& one : cases) {
    OpenDoor door;
    auto call = json_call(kSend, "{}");
    call.headers.add("X-Request-Id", one.sent);
    auto answer = door.ask(call);
    INFO(one.sent);
    CHECK(answer.status == 200);
    CHECK((header(answer, "X-Request-Id") == one.sent) == one.echoed);
    CHECK_FALSE(header(answer, "X-Request-Id").empty());
    CHECK(door.handlers.last_caller.request_id == RequestId(one.retry));
  }
  OpenDoor door;
  auto call = json_call(kSend, "{}");
  call.headers.add("request_id", "18");
  call.headers.add("X-Request-Id", "17");
  door.ask(call);
  CHECK(door.handlers.last_caller.request_id == RequestId(18));
}

TEST_CASE("what cannot be routed says what to do instead, with code unimplemented") {
  OpenDoor door;
  auto unknown = door.ask(json_call("/pb.LogicExt/Nothing", "{}"));
  check_error(unknown, 404, "unimplemented", ErrCode::kUnimplemented);

  auto put = json_call(kSend, "{}");
  put.method = "PUT";
  auto wrong_verb = door.ask(put);
  check_error(wrong_verb, 405, "unknown", ErrCode::kMethodNotAllowed);
  CHECK(header(wrong_verb, "Allow") == "POST");

  auto get_of_change =
      door.ask(request("GET", std::string(kSend) + "?encoding=json&message=%7B%7D"));
  CHECK(get_of_change.status == 405);

  auto head = json_call(kGetUser, "{}");
  head.method = "HEAD";
  CHECK(header(door.ask(head), "Allow") == "GET, POST");
  CHECK(door.handlers.calls == 0);
}

TEST_CASE("a content type that is not ours is refused, and curl -d is told of --json") {
  for (std::string_view type : {"application/x-www-form-urlencoded", "image/jpeg", "", "text/json",
                                "application/json; charset=latin1", "application/grpc"}) {
    OpenDoor door;
    auto call = request("POST", kSend);
    if (!type.empty()) call.headers.add("Content-Type", type);
    call.body = "{}";
    auto answer = door.ask(call);
    INFO(type);
    check_error(answer, 415, "unknown", ErrCode::kUnsupportedMedia);
    CHECK(answer.body.find("--json") != std::string::npos);
  }
}

TEST_CASE("what the door refuses is marked, what a handler refuses is not") {
  OpenDoor door;
  CHECK(door.ask(json_call(kSend, "{")).refused);
  auto unproved = json_call(kSend, "{}");
  unproved.headers = {};
  unproved.headers.add("Content-Type", "application/json");
  CHECK(door.ask(unproved).refused);
  CHECK(door.ask(request("POST", "/pb.Nothing/There")).refused);
  CHECK_FALSE(door.ask(json_call(kGetUser, R"({"userId":"404"})")).refused);
  CHECK_FALSE(door.ask(json_call(kGetUser, R"({"userId":"400"})")).refused);
  CHECK_FALSE(door.ask(json_call(kGetUser, "{}")).refused);
}

TEST_CASE("content is an object for people, and base64 for the protocol's own clients") {
  OpenDoor door;
  door.table.add("/pb.LogicExt/SyncGroup", door.handlers, &Handlers::sync);
  auto content = [&](const HttpRequest& request) {
    return Json::parse(door.ask(request).body)["messages"][0]["messageContent"];
  };
  auto person = json_call("/pb.LogicExt/SyncGroup", "{}");
  CHECK(content(person)["text"] == "one");
  auto client = person;
  client.headers.add("Connect-Protocol-Version", "1");
  CHECK(content(client) == "CgNvbmU=");
  client = request("GET", "/pb.LogicExt/SyncGroup?connect=v1&encoding=json&message=%7B%7D");
  client.headers.add("Authorization", "Bearer " + std::string(kToken));
  CHECK(content(client) == "CgNvbmU=");
}

TEST_CASE("a version of the protocol that is not there is refused, none at all is taken") {
  OpenDoor door;
  auto call = json_call(kGetUser, "{}");
  CHECK(door.ask(call).status == 200);
  call.headers.add("Connect-Protocol-Version", "2");
  check_error(door.ask(call), 400, "invalid_argument", ErrCode::kBadRequest);
}

TEST_CASE("a method without side effects is also read with GET") {
  OpenDoor door;
  pb::GetUserReq wanted;
  wanted.set_user_id(1234);
  auto bytes = wanted.SerializeAsString();
  auto packed = base64_encode(gzip(bytes), false);
  for (char& c : packed)
    c = c == '+' ? '-' : c == '/' ? '_' : c;  // the alphabet for URLs
  const std::vector<std::string> good = {
      "?connect=v1&encoding=json&message=%7B%22userId%22%3A%221234%22%7D",
      "?message=%7B%22userId%22:1234%7D&other=1&compression=identity&encoding=json",
      "?encoding=proto&base64=1&message=" + base64_encode(bytes, false),
      "?encoding=proto&base64=1&message=" + base64_encode(bytes, true),
      "?encoding=proto&message=%08%D2%09",
      "?encoding=proto&base64=1&compression=gzip&message=" + packed,
  };
  for (const auto& query : good) {
    auto call = request("GET", std::string(kGetUser) + query);
    call.headers.add("Authorization", "Bearer " + std::string(kToken));
    auto answer = door.ask(call);
    INFO(query << " " << answer.body);
    REQUIRE(answer.status == 200);
    if (header(answer, "Content-Type") == "application/json") {
      CHECK(Json::parse(answer.body)["user"]["userId"] == "1234");
    } else {
      pb::GetUserResp response;
      REQUIRE(response.ParseFromString(answer.body));
      CHECK(response.user().user_id() == 1234);
    }
  }
}

TEST_CASE("a bad query of a GET is refused by what is wrong with it") {
  const std::vector<std::pair<std::string, int>> bad = {
      {"", 415},
      {"?encoding=xml&message=1", 415},
      {"?encoding=json", 400},
      {"?encoding=json&message=%7", 400},
      {"?encoding=json&message=%zz", 400},
      {"?encoding=json&message=", 400},
      {"?encoding=json&connect=v2&message=%7B%7D", 400},
      {"?encoding=json&compression=br&message=%7B%7D", 501},
      {"?encoding=json&compression=gzip&message=%7B%7D", 400},
      {"?encoding=proto&base64=1&message=A", 400},
      {"?encoding=proto&base64=1&message=CA*k", 400},
  };
  for (const auto& [query, status] : bad) {
    OpenDoor door;
    auto call = request("GET", std::string(kGetUser) + query);
    call.headers.add("Authorization", "Bearer " + std::string(kToken));
    auto answer = door.ask(call);
    INFO(query << " " << answer.body);
    CHECK(answer.status == status);
    CHECK(door.handlers.calls == 0);
  }
}

TEST_CASE("a passed deadline is told, and the work is carried out all the same") {
  OpenDoor door;
  door.handlers.slow_ms = 60;
  auto call = json_call("/pb.UserExt/SignIn", "{}");
  call.headers.add("Connect-Timeout-Ms", "5");

  auto answer = door.ask(call);

  check_error(answer, 504, "deadline_exceeded", ErrCode::kTimeout);
  CHECK(door.handlers.calls == 1);
  CHECK(door.handlers.finished == 1);
}

TEST_CASE("a deadline that is kept changes nothing, and a malformed one is refused") {
  OpenDoor door;
  auto kept = json_call("/pb.UserExt/SignIn", "{}");
  kept.headers.add("Connect-Timeout-Ms", "9999999999");
  CHECK(door.ask(kept).status == 200);
  for (std::string_view bad : {"", "-1", "1.5", "10s", "10000000000", " 5", "0x10"}) {
    auto call = json_call("/pb.UserExt/SignIn", "{}");
    call.headers.add("Connect-Timeout-Ms", bad);
    INFO(bad);
    check_error(door.ask(call), 400, "invalid_argument", ErrCode::kBadRequest);
  }
}

TEST_CASE("pages of other origins may not change anything unless they are listed") {
  OpenDoor door;
  door.options.allowed_origins = {"https://app.example"};
  auto from = [&](std::string_view origin) {
    auto call = json_call(kSend, "{}");
    call.headers.add("Origin", origin);
    return door.ask(call);
  };

  CHECK(from("http://im.example:8081").status == 200);
  CHECK(from("https://im.example:8081").status == 200);
  CHECK(door.handlers.calls == 2);
  for (std::string_view foreign :
       {"https://evil.example", "null", "http://im.example", "http://im.example:80811",
        "https://app.example.evil", "https://app.example/", "", "ftp://im.example:8081"}) {
    INFO(foreign);
    auto refused = from(foreign);
    check_error(refused, 403, "permission_denied", ErrCode::kBadRequest);
    CHECK(header(refused, "Access-Control-Allow-Origin").empty());
  }
  CHECK(door.handlers.calls == 2);

  auto allowed = from("https://app.example");
  CHECK(allowed.status == 200);
  CHECK(header(allowed, "Access-Control-Allow-Origin") == "https://app.example");
  CHECK(allowed.headers.has_token("Vary", "Origin"));
  CHECK(header(allowed, "Access-Control-Expose-Headers").find("Grpc-Status") != std::string::npos);
}

TEST_CASE("a preflight is answered for listed origins only") {
  OpenDoor door;
  door.options.allowed_origins = {"https://app.example"};
  auto preflight = request("OPTIONS", kSend);
  preflight.headers.add("Access-Control-Request-Method", "POST");

  auto stranger = preflight;
  stranger.headers.add("Origin", "https://evil.example");
  CHECK(door.ask(stranger).status == 403);

  preflight.headers.add("Origin", "https://app.example");
  auto answer = door.ask(preflight);
  CHECK(answer.status == 204);
  CHECK(answer.body.empty());
  CHECK(header(answer, "Access-Control-Allow-Origin") == "https://app.example");
  CHECK(header(answer, "Access-Control-Allow-Methods") == "GET, POST");
  CHECK(header(answer, "Access-Control-Allow-Headers").find("Authorization") != std::string::npos);
  CHECK(door.handlers.calls == 0);
}
