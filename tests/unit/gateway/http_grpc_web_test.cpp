// gRPC-Web, driven without sockets.
#include "http/compression.hpp"
#include "http/encoding.hpp"
#include "http/envelope.hpp"
#include "http_fakes.hpp"
#include "pb/linnet.pb.h"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::gateway;
using namespace linnet::gateway::fakes;

namespace {

constexpr std::string_view kWebGetUser = "/pb.UserExt/GetUser";

struct WebDoor : World {
  HttpResponse ask(const HttpRequest& request) {
    CallDoor door(api, log, options);
    return run(door.handle(request)).response;
  }
};

std::string framed(std::string_view payload, std::uint8_t flags = 0) {
  std::string out;
  append_envelope(flags, payload, out);
  return out;
}

std::string question(std::int64_t user) {
  pb::GetUserReq request;
  request.set_user_id(user);
  return request.SerializeAsString();
}

HttpRequest web_call(std::string_view body, std::string_view type = "application/grpc-web+proto",
                     std::string_view path = kWebGetUser) {
  auto made = request("POST", path);
  made.headers.add("Content-Type", type);
  made.headers.add("Authorization", "Bearer " + std::string(kToken));
  made.headers.add("X-Grpc-Web", "1");
  made.body = body;
  return made;
}

struct Frame {
  std::uint8_t flags = 0;
  std::string payload;
};

std::vector<Frame> frames(std::string_view body) {
  std::vector<Frame> found;
  while (!body.empty()) {
    REQUIRE(body.size() >= 5);
    std::size_t length = 0;
    for (std::size_t i = 1; i < 5; ++i)
      length = length << 8U | static_cast<unsigned char>(body[i]);
    REQUIRE(body.size() >= 5 + length);
    found.push_back({static_cast<std::uint8_t>(body[0]), std::string(body.substr(5, length))});
    body.remove_prefix(5 + length);
  }
  return found;
}

std::string trailer(const std::string& trailers, const std::string& name) {
  auto at = trailers.find(name + ": ");
  if (at == std::string::npos) return {};
  at += name.size() + 2;
  return trailers.substr(at, trailers.find("\r\n", at) - at);
}

// Answered with status 200, no message, and these trailers.
void check_error(const HttpResponse& response, int status, ErrCode code) {
  CHECK(response.status == 200);
  auto found = frames(response.body);
  REQUIRE(found.size() == 1);
  CHECK(found[0].flags == kGrpcTrailers);
  INFO(found[0].payload);
  CHECK(trailer(found[0].payload, "grpc-status") == std::to_string(status));
  CHECK_FALSE(trailer(found[0].payload, "grpc-message").empty());
  pb::RpcStatus details;
  auto bytes = base64_decode(trailer(found[0].payload, "grpc-status-details-bin"));
  REQUIRE(details.ParseFromString(bytes.value()));
  CHECK(details.code() == status);
  pb::ErrorInfo info;
  REQUIRE(details.details_size() == 1);
  REQUIRE(details.details(0).UnpackTo(&info));
  CHECK(info.code() == static_cast<int>(code));
}

}  // namespace

TEST_CASE("a gRPC-Web call is answered with its message and trailers") {
  struct Case {
    std::string_view asked;
    std::string_view answered;
  };
  for (const auto& one : std::vector<Case>{
           {"application/grpc-web", "application/grpc-web+proto"},
           {"application/grpc-web+proto", "application/grpc-web+proto"},
           {"Application/gRPC-Web+Proto; charset=utf-8", "application/grpc-web+proto"}}) {
    WebDoor door;
    auto answer = door.ask(web_call(framed(question(12)), one.asked));
    CHECK(answer.status == 200);
    CHECK(header(answer, "Content-Type") == one.answered);
    auto found = frames(answer.body);
    REQUIRE(found.size() == 2);
    CHECK(found[0].flags == 0);
    pb::GetUserResp response;
    REQUIRE(response.ParseFromString(found[0].payload));
    CHECK(response.user().user_id() == 12);
    CHECK(found[1].flags == kGrpcTrailers);
    CHECK(found[1].payload == "grpc-status: 0\r\n");
  }
}

TEST_CASE("gRPC-Web speaks JSON too") {
  WebDoor door;
  auto answer = door.ask(web_call(framed(R"({"userId":"12"})"), "application/grpc-web+json"));
  CHECK(header(answer, "Content-Type") == "application/grpc-web+json");
  CHECK(frames(answer.body).at(0).payload.find(R"("userId":"12")") != std::string::npos);
}

TEST_CASE("gRPC-Web's text form is base64, also in pieces with padding between them") {
  WebDoor door;
  const auto body = framed(question(12));
  const auto pieces = base64_encode(body.substr(0, 1), true) +
                      base64_encode(body.substr(1, 4), true) + base64_encode(body.substr(5), true);
  for (const auto& text : {base64_encode(body, true), pieces}) {
    auto answer = door.ask(web_call(text, "application/grpc-web-text"));
    CHECK(header(answer, "Content-Type") == "application/grpc-web-text+proto");
    auto bytes = base64_decode(answer.body);
    REQUIRE(bytes);
    pb::GetUserResp response;
    REQUIRE(response.ParseFromString(frames(*bytes).at(0).payload));
    CHECK(response.user().user_id() == 12);
  }
  auto bad = door.ask(web_call("A===", "application/grpc-web-text"));
  CHECK(base64_decode(bad.body).value().find("grpc-status: 1007") != std::string::npos);
}

TEST_CASE("a business error of gRPC-Web is a status with its number, others are gRPC's own") {
  WebDoor door;
  check_error(door.ask(web_call(framed(question(404)))), 1011, ErrCode::kUserNotExist);

  auto stranger = web_call(framed(question(1)));
  stranger.headers = HttpHeaders();
  stranger.headers.add("Content-Type", "application/grpc-web");
  check_error(door.ask(stranger), 1003, ErrCode::kUnauthorized);

  door.handlers.slow_ms = 60;
  auto late = web_call(framed(""), "application/grpc-web", "/pb.UserExt/SignIn");
  late.headers.add("Grpc-Timeout", "5m");
  check_error(door.ask(late), 4, ErrCode::kTimeout);
}

TEST_CASE("a gRPC-Web body that is no single frame is refused") {
  WebDoor door;
  const auto good = framed(question(1));
  check_error(door.ask(web_call("")), 12, ErrCode::kUnimplemented);
  check_error(door.ask(web_call(good + good)), 12, ErrCode::kUnimplemented);
  for (const auto& bad :
       {good.substr(0, 3), good.substr(0, good.size() - 1), std::string("\0\xff\xff\xff\xff", 5),
        framed(question(1), kGrpcTrailers), framed(question(1), kCompressed), framed("\xff")})
    check_error(door.ask(web_call(bad)), 1007, ErrCode::kBadRequest);
  CHECK(door.handlers.calls == 0);
}

TEST_CASE("gRPC-Web's frames may be in gzip, both ways") {
  WebDoor door;
  door.handlers.nickname = std::string(5000, 'n');
  auto call = web_call(framed(gzip(question(12)), kCompressed));
  call.headers.add("Grpc-Encoding", "gzip");
  call.headers.add("Grpc-Accept-Encoding", "identity,gzip");
  auto answer = door.ask(call);
  CHECK(header(answer, "Grpc-Encoding") == "gzip");
  auto found = frames(answer.body);
  CHECK(found.at(0).flags == kCompressed);
  pb::GetUserResp response;
  auto plain = gunzip(found[0].payload, 10000);
  REQUIRE(plain);
  REQUIRE(response.ParseFromString(*plain));
  CHECK(response.user().nickname() == door.handlers.nickname);

  auto unknown = web_call(framed(question(1)));
  unknown.headers.add("Grpc-Encoding", "br");
  auto refused = door.ask(unknown);
  check_error(refused, 12, ErrCode::kUnimplemented);
  CHECK(header(refused, "Grpc-Accept-Encoding") == "gzip");

  door.options.body_bytes = 100;
  auto large = web_call(framed(gzip(std::string(5000, ' ')), kCompressed));
  large.headers.add("Grpc-Encoding", "gzip");
  check_error(door.ask(large), 8, ErrCode::kTooLarge);
}

TEST_CASE("a deadline of gRPC-Web is read in each unit, and a malformed one refused") {
  for (std::string_view good : {"1H", "1M", "9S", "99999999m", "99999999u", "99999999n"}) {
    WebDoor door;
    auto call = web_call(framed(question(1)));
    call.headers.add("Grpc-Timeout", good);
    INFO(good);
    CHECK(frames(door.ask(call).body).size() == 2);
  }
  for (std::string_view bad : {"", "1", "m", "-1m", "1x", "100000000m", "1.5S", " 1S"}) {
    WebDoor door;
    auto call = web_call(framed(question(1)));
    call.headers.add("Grpc-Timeout", bad);
    INFO(bad);
    check_error(door.ask(call), 1007, ErrCode::kBadRequest);
  }
}

TEST_CASE("gRPC-Web is called with POST only, and what a client wrote comes back encoded") {
  WebDoor door;
  auto put = web_call(framed(question(1)));
  put.method = "PUT";
  auto answer = door.ask(put);
  CHECK(answer.status == 405);
  CHECK(header(answer, "Allow") == "POST");

  auto odd = web_call(framed(question(1)));
  odd.headers.add("Grpc-Encoding", "100%\r\xc3\xa4");
  auto found = frames(door.ask(odd).body);
  CHECK(trailer(found.at(0).payload, "grpc-message").find("100%25%0D%C3%A4") != std::string::npos);

  // The details are text, whatever the client wrote.
  auto bytes = web_call(framed(question(1)));
  bytes.headers.add("Grpc-Encoding", "\xff\xc3");
  check_error(door.ask(bytes), 12, ErrCode::kUnimplemented);
}
