// Streams of messages over HTTP: Receive in its forms, and /events; the same inbox, order and
// backpressure as on a socket.
#include "stream_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <thread>
#include <utility>

using namespace linnet;
using namespace linnet::test;
using Json = nlohmann::json;
using std::chrono::milliseconds;

namespace {

struct StreamsFixture {
  explicit StreamsFixture(std::vector<std::string> more = {})
      : server(dir.path() / "data", std::move(more)) {
    make_friends(port, anna, ben);
  }
  void send(const std::string& text) { send_text(port, anna, ben.id, text); }
  // Ben's stream from `from` on, whose first message has come: whatever comes now finds it
  // connected.
  std::unique_ptr<Events> live(const std::string& from) {
    auto events = std::make_unique<Events>(port, ben, from);
    CHECK(events->next().text() == "first");
    return events;
  }
  // Past the two notices of their friendship.
  std::string caught_up() {
    auto connection = LongConnection::sign_in(LongConnection::Door::kTcp, server.tcp_port(), port,
                                              sign_in(port, "200"));
    auto items = connection.sync(0);
    return "&seq=" + std::to_string(items.empty() ? 0 : items.back().seq());
  }

  TempDir dir;
  ServerProcess server;
  std::uint16_t port = server.http_port();
  TestUser anna = sign_in(port, "100");
  TestUser ben = sign_in(port, "200");
};

}  // namespace

TEST_CASE("events begin with what was missed and go on with what comes, by the inbox's seqs") {
  StreamsFixture f;
  const auto from = f.caught_up();
  f.send("one");
  f.send("two");
  Events events(f.port, f.ben, from);
  auto one = events.next();
  auto two = events.next();
  f.send("three");
  auto three = events.next();

  CHECK(one.text() == "one");
  CHECK(two.text() == "two");
  CHECK(three.text() == "three");
  CHECK(std::stol(two.id) == std::stol(one.id) + 1);
  CHECK(std::stol(three.id) == std::stol(two.id) + 1);
  CHECK(three.data["seq"] == three.id);
}

TEST_CASE("events resume after Last-Event-ID, whatever the URL says") {
  StreamsFixture f;
  const auto from = f.caught_up();
  f.send("one");
  f.send("two");
  std::string seen;
  {
    Events events(f.port, f.ben, from);
    seen = events.next().id;
  }
  Events again(f.port, f.ben, from, "Last-Event-ID: " + seen + "\r\n");
  CHECK(again.next().text() == "two");
}

TEST_CASE("a message that is stored nowhere is an event without id") {
  StreamsFixture f;
  Events events(f.port, f.ben, f.caught_up());
  f.send("stored");
  CHECK_FALSE(events.next().id.empty());
  send_text(f.port, f.anna, f.ben.id, "passing", 0, false);
  auto event = events.next();
  CHECK(event.text() == "passing");
  CHECK(event.id.empty());
}

TEST_CASE("what a stream's device acknowledges decides where its user's next device begins") {
  StreamsFixture f;
  Events events(f.port, f.ben, f.caught_up());
  f.send("one");
  f.send("two");
  auto one = events.next();
  Caller caller(f.port);
  caller.use(f.ben);
  pb::AckMessagesReq ack;
  CHECK(caller.fails("/pb.LogicExt/AckMessages", ack).code == 1007);
  ack.set_seq(std::stol(one.id));
  caller.call<pb::AckMessagesResp>("/pb.LogicExt/AckMessages", ack);

  Events fresh(f.port, sign_in(f.port, "200"));
  CHECK(fresh.next().text() == "two");
}

TEST_CASE("one device has one stream or socket: the older one is told and ends") {
  StreamsFixture f;
  const auto from = f.caught_up();
  f.send("first");
  auto older = f.live(from);
  auto newer = f.live(from);
  auto end = older->next();
  CHECK(end.type == "end");
  CHECK(end.data["code"] == 2007);
  CHECK(older->stream().chunk().empty());
  CHECK(older->stream().closed());

  auto socket =
      LongConnection::sign_in(LongConnection::Door::kTcp, f.server.tcp_port(), f.port, f.ben);
  CHECK(newer->next().data["code"] == 2007);
  CHECK(socket.sync(0).size() < 100);
}

TEST_CASE("a stream whose device is signed out ends at once") {
  StreamsFixture f;
  const auto from = f.caught_up();
  f.send("first");
  auto events = f.live(from);
  Caller caller(f.port);
  caller.use(f.ben);
  caller.call<pb::SignOutResp>("/pb.LogicExt/SignOut", pb::SignOutReq());
  auto end = events->next();
  CHECK(end.type == "end");
  CHECK(end.data["code"] == 2020);
}

TEST_CASE("a silent stream is kept alive by heartbeats") {
  StreamsFixture f({"--set", "session.stream_heartbeat_s=1"});
  Events events(f.port, f.ben, f.caught_up());
  std::this_thread::sleep_for(milliseconds(2700));
  f.send("after");
  CHECK(events.next().text() == "after");
  CHECK(events.heartbeats >= 1);
}

TEST_CASE("a stream that is not read costs its budget, and gets everything in order later") {
  StreamsFixture f({"--set", "session.outbox_bytes=16384"});
  Events events(f.port, f.ben, f.caught_up(), {}, 65536);
  const std::string large(50000, 'x');
  constexpr int kCount = 160;  // more than the kernel's buffers hold
  for (int i = 0; i < kCount; ++i)
    f.send(std::to_string(i) + large);
  for (int i = 0; i < kCount; ++i)
    REQUIRE(events.next().text() == std::to_string(i) + large);
}

TEST_CASE("a stream ends with the server's end, and says so") {
  StreamsFixture f;
  const auto from = f.caught_up();
  f.send("first");
  auto events = f.live(from);
  CHECK(f.server.stop() == 0);
  auto end = events->next();
  CHECK(end.type == "end");
  CHECK(end.data["code"] == 2008);
  CHECK(events->stream().chunk().empty());
}

TEST_CASE("events are refused by what is wrong, in plain HTTP") {
  StreamsFixture f;
  const auto good = "/events?token=" + f.ben.token;
  CHECK(http(f.port, "GET", "/events").status == 400);
  CHECK(http(f.port, "GET", good + "x").status == 401);
  CHECK(http(f.port, "GET", good + "&seq=x").status == 400);
  CHECK(http(f.port, "GET", good + "&seq=-1").status == 400);
  CHECK(http(f.port, "GET", good, {{"Last-Event-ID", "1x"}}).status == 400);
  CHECK(http(f.port, "GET", good, {{"Origin", "https://evil.example"}}).status == 403);
  auto post = http(f.port, "POST", good);
  CHECK(post.status == 405);
  CHECK(post.headers["allow"] == "GET");
  CHECK(Json::parse(post.body)["code"] == 2009);
}

TEST_CASE("Receive over Connect streams messages in frames, in JSON and protobuf") {
  StreamsFixture f;
  auto from = f.caught_up().substr(5);
  f.send("one");
  const auto body = envelope(R"({"seq":")" + from + "\"}");
  Stream json(f.port, receive_request(f.ben, "application/connect+json", body));
  CHECK(json.head().find("Content-Type: application/connect+json\r\n") != std::string::npos);
  auto frame = json.chunk();
  CHECK(frame[0] == 0);
  // Protobuf's own mapping: the content is base64, here of Text{text: "one"}.
  CHECK(Json::parse(frame.substr(5))["message"]["messageContent"] == "CgNvbmU=");
  f.send("two");
  CHECK(Json::parse(json.chunk().substr(5))["message"]["messageContent"] == "CgN0d28=");

  pb::SyncInput input;
  input.set_seq(std::stol(from));
  Stream proto(f.port, receive_request(f.ben, "application/connect+proto",
                                       envelope(input.SerializeAsString())));
  pb::Message message;
  REQUIRE(message.ParseFromString(proto.chunk().substr(5)));
  CHECK(text_of(message.message()) == "one");

  // The second took the place of the first, which is told in the last frame.
  auto end = json.chunk();
  CHECK(end[0] == 2);
  auto error = Json::parse(end.substr(5))["error"];
  CHECK(error["code"] == "aborted");
  CHECK(error["details"][0]["debug"]["code"] == 2007);
  CHECK(json.chunk().empty());
}

TEST_CASE("Receive over gRPC-Web streams messages and ends with trailers, also in base64") {
  StreamsFixture f;
  auto from = f.caught_up().substr(5);
  pb::SyncInput input;
  input.set_seq(std::stol(from));
  f.send("one");
  Stream stream(f.port, receive_request(f.ben, "application/grpc-web+proto",
                                        envelope(input.SerializeAsString())));
  pb::Message message;
  REQUIRE(message.ParseFromString(stream.chunk().substr(5)));
  CHECK(text_of(message.message()) == "one");
  Events replacing(f.port, f.ben);
  auto end = stream.chunk();
  CHECK(end[0] == '\x80');
  CHECK(end.find("grpc-status: 2007\r\n") != std::string::npos);
}

TEST_CASE("Receive refuses in the form that it was asked in") {
  StreamsFixture f;
  const std::string type = "application/connect+json";
  auto last = [&](const std::string& body, const std::string& headers = {}) {
    Stream stream(f.port, receive_request(f.ben, type, body, headers + "Connection: close\r\n"));
    CHECK(stream.head().find("HTTP/1.1 200 OK\r\n") == 0);
    CHECK(stream.head().find("Content-Length: ") != std::string::npos);
    return stream.rest();
  };
  CHECK(last("").find("unimplemented") != std::string::npos);
  CHECK(last(envelope("{}") + envelope("{}")).find("unimplemented") != std::string::npos);
  CHECK(last(envelope(R"({"seq":"-1"})")).find("invalid_argument") != std::string::npos);
  CHECK(last(envelope("{}"), "Connect-Timeout-Ms: x\r\n").find("invalid_argument") !=
        std::string::npos);
  f.ben.token += "x";
  CHECK(last(envelope("{}")).find("unauthenticated") != std::string::npos);
}

TEST_CASE("a stream with a deadline ends when it has passed") {
  StreamsFixture f;
  Stream stream(f.port, receive_request(f.ben, "application/connect+json", envelope("{}"),
                                        "Connect-Timeout-Ms: 300\r\n"));
  std::string piece;
  do {
    piece = stream.chunk();
  } while (piece[0] == 0);
  CHECK(piece.find("deadline_exceeded") != std::string::npos);
}

TEST_CASE("Receive is no unary call, at no door") {
  StreamsFixture f;
  Caller caller(f.port);
  caller.use(f.ben);
  auto plain = caller.post("/pb.LogicExt/Receive", "{}", "application/json");
  CHECK(plain.status == 415);
  CHECK(plain.headers["accept-post"].find("connect+json") != std::string::npos);
  CHECK(http(f.port, "GET", "/pb.LogicExt/Receive?encoding=json&message=%7B%7D").status == 405);

  auto socket =
      LongConnection::sign_in(LongConnection::Door::kTcp, f.server.tcp_port(), f.port, f.ben);
  socket.sync(0);
  pb::CallInput call;
  call.set_method("/pb.LogicExt/Receive");
  socket.send(pb::PT_CALL, 5, call.SerializeAsString());
  auto answer = socket.receive();
  REQUIRE(answer);
  CHECK(answer->code() == 2006);
}

TEST_CASE("an old proxy's HTTP/1.0 gets a stream that ends with the connection") {
  StreamsFixture f;
  const auto from = f.caught_up();
  f.send("first");
  Stream stream(f.port, "GET /events?token=" + f.ben.token + from + " HTTP/1.0\r\nHost: h\r\n\r\n");
  CHECK(stream.head().find("Transfer-Encoding") == std::string::npos);
  stream.wait_for("first");
  auto replacing = f.live(from);
  const auto body = stream.rest();
  CHECK(body.find("retry: 2000\n\n") == 0);
  CHECK(body.find("event: end\n") != std::string::npos);
}
