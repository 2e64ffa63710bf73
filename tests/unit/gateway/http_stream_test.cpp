// How a stream of messages begins, over Connect, gRPC-Web and /events, driven without sockets.
#include "http/compression.hpp"
#include "http/encoding.hpp"
#include "http/envelope.hpp"
#include "http/stream_door.hpp"
#include "http_fakes.hpp"
#include "pb/conn.ext.pb.h"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace linnet;
using namespace linnet::gateway;
using namespace linnet::gateway::fakes;

namespace {

constexpr std::string_view kReceivePath = "/pb.LogicExt/Receive";
constexpr std::string_view kFramedProto = "application/connect+proto";

struct StreamWorld : World {
  StreamWorld() { table.add_stream<pb::SyncInput, pb::Message>(kReceivePath); }

  Reply receive(const HttpRequest& request) {
    StreamDoor door(api, options);
    return run(door.receive(*table.find(kReceivePath), request, "a-name"));
  }
  Reply events(const HttpRequest& request) {
    StreamDoor door(api, options);
    return run(door.events(request));
  }
};

std::string start_after(std::int64_t seq, std::uint8_t flags = 0) {
  pb::SyncInput input;
  input.set_seq(seq);
  const auto bytes = input.SerializeAsString();
  std::string body;
  append_envelope(flags, flags == kCompressed ? gzip(bytes) : bytes, body);
  return body;
}

HttpRequest stream_call(std::string_view type, std::string_view body) {
  auto made = request("POST", kReceivePath);
  made.version = 11;
  made.headers.add("Content-Type", type);
  made.headers.add("Authorization", "Bearer " + std::string(kToken));
  made.body = body;
  return made;
}

HttpRequest events_call(const std::string& query) {
  auto made = request("GET", "/events" + query);
  made.version = 11;
  return made;
}

// Answered with status 200 and a body that is nothing but the end of the stream, with this code.
void check_ended(const Reply& reply, ErrCode code) {
  CHECK_FALSE(reply.stream);
  CHECK(reply.response.status == 200);
  CHECK(reply.response.refused);
  auto body = reply.response.body;
  REQUIRE(body.size() > kEnvelopeHead);
  const auto flags = static_cast<std::uint8_t>(body[0]);
  INFO(body);
  if (flags == kGrpcTrailers) {
    const auto status = "grpc-status: " + std::to_string(static_cast<int>(code));
    CHECK(body.find(status) != std::string::npos);
  } else {
    CHECK(flags == kConnectEnd);
    CHECK(body.find("\"code\":" + std::to_string(static_cast<int>(code))) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("a stream begins behind the seq that was asked for, in each of its forms") {
  std::string framed_json;
  append_envelope(0, R"({"seq":"5"})", framed_json);
  struct Case {
    std::string type;
    std::string body;
    StreamProtocol protocol;
    Codec codec;
    bool text;
  };
  const std::vector<Case> cases = {
      {"application/connect+json", framed_json, StreamProtocol::kConnect, Codec::kPlainJson, false},
      {"application/connect+proto", start_after(5), StreamProtocol::kConnect, Codec::kProto, false},
      {"application/grpc-web+proto", start_after(5), StreamProtocol::kGrpcWeb, Codec::kProto,
       false},
      {"application/grpc-web-text", base64_encode(start_after(5), true), StreamProtocol::kGrpcWeb,
       Codec::kProto, true},
  };
  for (const auto& c : cases) {
    INFO(c.type);
    StreamWorld world;
    auto reply = world.receive(stream_call(c.type, c.body));
    REQUIRE(reply.stream);
    CHECK(reply.response.status == 200);
    CHECK(reply.response.streamed);
    CHECK(reply.stream->form.protocol == c.protocol);
    CHECK(reply.stream->form.codec == c.codec);
    CHECK(reply.stream->form.text == c.text);
    CHECK(reply.stream->form.chunked);
    CHECK(reply.stream->after == Seq(5));
    CHECK(reply.stream->identity.user == UserId(7));
    CHECK(reply.stream->request_name == "a-name");
    CHECK_FALSE(reply.stream->timeout);
  }
}

TEST_CASE("a stream's request may be in gzip, and may say for how long the stream is to be") {
  StreamWorld world;
  auto call = stream_call(kFramedProto, start_after(9, kCompressed));
  call.headers.add("Connect-Content-Encoding", "gzip");
  call.headers.add("Connect-Timeout-Ms", "2500");
  auto reply = world.receive(call);
  REQUIRE(reply.stream);
  CHECK(reply.stream->after == Seq(9));
  CHECK(reply.stream->timeout == std::chrono::milliseconds(2500));

  auto web = stream_call("application/grpc-web", start_after(9));
  web.headers.add("Grpc-Timeout", "3S");
  reply = world.receive(web);
  REQUIRE(reply.stream);
  CHECK(reply.stream->timeout == std::chrono::seconds(3));
}

TEST_CASE("what no stream can be made of ends it with a reason, in its own form") {
  struct Case {
    std::string name;
    std::string value;
    std::string body;
    ErrCode code;
  };
  const std::vector<Case> cases = {
      {"Connect-Protocol-Version", "2", start_after(0), ErrCode::kBadRequest},
      {"Connect-Timeout-Ms", "-1", start_after(0), ErrCode::kBadRequest},
      {"Connect-Content-Encoding", "br", start_after(0), ErrCode::kUnimplemented},
      {"X-User-Id", "seven", start_after(0), ErrCode::kBadRequest},
      {"X-Other", "", start_after(-1), ErrCode::kBadRequest},
      {"X-Other", "", "", ErrCode::kUnimplemented},
      {"X-Other", "", start_after(0) + "x", ErrCode::kUnimplemented},
      {"X-Other", "", start_after(0, kCompressed), ErrCode::kBadRequest},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name, c.value, c.body);
    StreamWorld world;
    auto call = stream_call(kFramedProto, c.body);
    if (c.name == "X-User-Id") {
      call.headers = HttpHeaders();
      call.headers.add("Content-Type", kFramedProto);
    }
    call.headers.add(c.name, c.value);
    check_ended(world.receive(call), c.code);
  }
  StreamWorld world;
  auto stranger = stream_call("application/grpc-web", start_after(0));
  stranger.headers = HttpHeaders();
  stranger.headers.add("Content-Type", "application/grpc-web");
  check_ended(world.receive(stranger), ErrCode::kUnauthorized);
}

TEST_CASE("a stream is opened with POST and a framed content type, and else told how") {
  StreamWorld world;
  auto get = stream_call(kFramedProto, start_after(0));
  get.method = "GET";
  auto reply = world.receive(get);
  CHECK(reply.response.status == 405);
  CHECK(header(reply.response, "Allow") == "POST");
  for (std::string_view type : {"application/json", "text/plain", ""}) {
    reply = world.receive(stream_call(type, "{}"));
    INFO(type);
    CHECK_FALSE(reply.stream);
    CHECK(reply.response.refused);
    CHECK(reply.response.status == 415);
    CHECK(header(reply.response, "Accept-Post").find(kFramedProto) != std::string::npos);
  }
}

TEST_CASE("events begin behind the last one that was received, which the header knows best") {
  const std::string token = "?token=" + std::string(kToken);
  struct Case {
    std::string query;
    std::optional<std::string> header;
    std::int64_t after;
  };
  const std::vector<Case> cases = {{"", std::nullopt, 0},      {"&seq=3", std::nullopt, 3},
                                   {"&seq=", std::nullopt, 0}, {"&seq=3", "8", 8},
                                   {"&seq=3", "", 3},          {"", "8", 8}};
  for (const auto& c : cases) {
    CAPTURE(c.query, c.header.value_or("none"));
    StreamWorld world;
    auto call = events_call(token + c.query);
    if (c.header) call.headers.add("Last-Event-ID", *c.header);
    auto reply = world.events(call);
    REQUIRE(reply.stream);
    CHECK(reply.stream->form.protocol == StreamProtocol::kEvents);
    CHECK(reply.stream->after == Seq(c.after));
    CHECK(reply.stream->identity.user == UserId(7));
    CHECK(header(reply.response, "Content-Type") == "text/event-stream");
  }
}

TEST_CASE("events that cannot begin are a plain answer with a reason") {
  struct Case {
    std::string query;
    int status;
  };
  const std::vector<Case> cases = {
      {"?token=" + std::string(kToken) + "&seq=x", 400},
      {"?token=" + std::string(kToken) + "&seq=-1", 400},
      {"?token=%", 400},
      {"", 400},
      {"?token=l1.7.70.other", 401},
  };
  for (const auto& c : cases) {
    INFO(c.query);
    StreamWorld world;
    auto reply = world.events(events_call(c.query));
    CHECK_FALSE(reply.stream);
    CHECK(reply.response.status == c.status);
    CHECK(reply.response.body.find("\"code\":") != std::string::npos);
  }
  StreamWorld world;
  auto post = events_call("?token=" + std::string(kToken));
  post.method = "POST";
  auto reply = world.events(post);
  CHECK(reply.response.status == 405);
  CHECK(header(reply.response, "Allow") == "GET");

  World without_streams;
  StreamDoor door(without_streams.api, without_streams.options);
  CHECK(run(door.events(events_call(""))).response.status == 404);
}

TEST_CASE("pages of other origins hear no events unless they are listed") {
  StreamWorld world;
  world.options.allowed_origins = {"https://app.example"};
  auto call = events_call("?token=" + std::string(kToken));
  call.headers.add("Origin", "https://elsewhere.example");
  auto reply = world.events(call);
  CHECK_FALSE(reply.stream);
  CHECK(reply.response.status == 403);

  auto listed = events_call("?token=" + std::string(kToken));
  listed.headers.add("Origin", "https://app.example");
  CHECK(world.events(listed).stream);
  listed.method = "OPTIONS";
  reply = world.events(listed);
  CHECK_FALSE(reply.stream);
  CHECK(reply.response.status == 204);
}
