// Calls against a server that answers well, badly, late or not at all.
#include "linnet/client/calls.hpp"

#include "fake_server.hpp"
#include "pb/logic.ext.pb.h"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::client;
using linnet::test::FakePeer;
using linnet::test::FakeServer;
using linnet::test::http_answer;
using namespace std::chrono_literals;

namespace {

constexpr const char* kPath = "/pb.LogicExt/RegisterDevice";

std::string device(std::int64_t id) {
  pb::RegisterDeviceResp response;
  response.set_device_id(id);
  return response.SerializeAsString();
}

Calls::Options to(const FakeServer& server, std::chrono::milliseconds timeout = 20s) {
  Calls::Options options;
  options.port = server.port();
  options.timeout = timeout;
  return options;
}

Result<std::int64_t> call(Calls& calls, Repeat repeat = Repeat::kNever) {
  auto answer = calls.call<pb::RegisterDeviceResp>(kPath, pb::RegisterDeviceReq(), "token", repeat);
  if (!answer) return answer.take_error();
  return std::int64_t{answer->device_id()};
}

// Answers requests 1, 2, 3 … for as long as the client stays.
void serve_all(FakePeer& peer) {
  for (std::int64_t id = 1; !peer.request().empty(); ++id)
    peer.send(http_answer(200, device(id)));
}

}  // namespace

TEST_CASE("calls one after the other share a connection") {
  FakeServer server({serve_all});
  {
    Calls calls(to(server));
    CHECK(*call(calls) == 1);
    CHECK(*call(calls) == 2);
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("a request is a POST of protobuf with the token") {
  std::string seen;
  {
    FakeServer server({[&](FakePeer& peer) {
      seen = peer.request();
      peer.send(http_answer(200, device(1)));
    }});
    Calls calls(to(server));
    REQUIRE(call(calls));
  }
  CHECK(seen.starts_with("POST /pb.LogicExt/RegisterDevice HTTP/1.1\r\n"));
  CHECK(seen.find("\r\nContent-Type: application/proto\r\n") != std::string::npos);
  CHECK(seen.find("\r\nAuthorization: Bearer token\r\n") != std::string::npos);
}

TEST_CASE("an error has the server's number and sentence") {
  FakeServer server({[](FakePeer& peer) {
    peer.request();
    peer.send(http_answer(403, R"({"code":"permission_denied","message":"add them first",
        "details":[{"type":"pb.ErrorInfo","value":"COwH"}]})"));
  }});
  Calls calls(to(server));
  auto answer = call(calls);
  REQUIRE_FALSE(answer);
  CHECK(answer.code() == ErrCode::kIsNotFriend);
  CHECK(answer.error().message() == "add them first");
}

TEST_CASE("a kept connection that the server has closed is replaced unasked") {
  std::atomic<bool> closed{false};
  FakeServer server({[&](FakePeer& peer) {
                       peer.request();
                       peer.send(http_answer(200, device(1)));
                       peer.close();
                       closed = true;
                     },
                     serve_all});
  {
    Calls calls(to(server));
    REQUIRE(call(calls));
    while (!closed)
      std::this_thread::yield();
    CHECK(call(calls));
  }
  CHECK(server.connections() == 2);
}

TEST_CASE("a kept connection that breaks before its answer is tried again only if that is safe") {
  // Takes the second request and hangs up: it may have been carried out.
  auto hang_up = [](FakePeer& peer) {
    peer.request();
    peer.send(http_answer(200, device(1)));
    peer.request();
  };
  FakeServer server({hang_up, serve_all});
  Calls calls(to(server));
  REQUIRE(call(calls));
  SECTION("safe") {
    CHECK(call(calls, Repeat::kSafe));
  }
  SECTION("not safe") {
    CHECK(call(calls).code() == ErrCode::kServerUnknown);
  }
}

TEST_CASE("an answer that has begun is never asked for again") {
  FakeServer server({[](FakePeer& peer) {
    peer.request();
    peer.send(http_answer(200, device(1)));
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  }});
  Calls calls(to(server));
  REQUIRE(call(calls));
  CHECK(call(calls, Repeat::kSafe).code() == ErrCode::kServerUnknown);
  CHECK(server.connections() == 1);
}

TEST_CASE("a connection with bytes behind its answer is not used again") {
  FakeServer server({[](FakePeer& peer) {
                       peer.request();
                       peer.send(http_answer(200, device(1)) + "smuggled");
                       peer.request();
                     },
                     serve_all});
  Calls calls(to(server));
  CHECK(*call(calls) == 1);
  CHECK(*call(calls) == 1);
}

TEST_CASE("a server that does not answer costs no more than the deadline") {
  FakeServer server({[](FakePeer& peer) {
    while (peer.receive()) {
    }
  }});
  Calls calls(to(server, 50ms));
  CHECK(call(calls, Repeat::kSafe).code() == ErrCode::kTimeout);
}

TEST_CASE("a server that dribbles does not outlive the deadline") {
  std::atomic<bool> over{false};
  FakeServer server({[&](FakePeer& peer) {
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nX: ");
    while (!over)
      peer.send("a"), std::this_thread::sleep_for(1ms);  // its pace, not a wait for something
  }});
  Calls calls(to(server, 100ms));
  CHECK(call(calls).code() == ErrCode::kTimeout);
  over = true;
}

TEST_CASE("where nobody listens a call fails, and could be tried again") {
  Calls::Options options;
  {
    FakeServer gone({serve_all});
    options = to(gone);
  }
  Calls calls(options);
  auto answer = call(calls);
  CHECK(answer.code() == ErrCode::kServerUnknown);
  CHECK(is_passing(answer.code()));
  CHECK_FALSE(is_passing(ErrCode::kIsNotFriend));
}

TEST_CASE("a token cannot add a header") {
  FakeServer server({serve_all});
  Calls calls(to(server));
  auto answer =
      calls.call<pb::RegisterDeviceResp>(kPath, pb::RegisterDeviceReq(), "token\r\nX-Admin: 1");
  CHECK(answer.code() == ErrCode::kBadRequest);
  CHECK(server.connections() == 0);
}

TEST_CASE("an answer that is no protobuf of that method is an error") {
  auto bytes = GENERATE(as<std::string>(), http_answer(200, "\xff\xff"),
                        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n");
  FakeServer server({[&](FakePeer& peer) {
    peer.request();
    peer.send(bytes);
  }});
  Calls calls(to(server));
  CHECK(call(calls).code() == ErrCode::kServerUnknown);
}
