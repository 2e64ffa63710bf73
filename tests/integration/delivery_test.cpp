// Who receives what, when and how often, through the real server; with one I/O thread, two and
// eight.
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

struct DeliveryFixture {
  explicit DeliveryFixture(const std::vector<std::string>& more = {})
      : server(dir.path() / "data", with_threads(more)) {
    make_friends(http_port, anna, ben);
  }
  static std::vector<std::string> with_threads(std::vector<std::string> more) {
    more.insert(more.end(), {"--io-threads", std::to_string(GENERATE(1, 2, 8))});
    return more;
  }
  LongConnection connect(Door door, const TestUser& user) {
    return LongConnection::sign_in(door, server.tcp_port(), http_port, user);
  }
  // Connected and in step: what comes now is pushed.
  LongConnection live(Door door, const TestUser& user) {
    auto connection = connect(door, user);
    connection.sync(0);
    return connection;
  }

  TempDir dir;
  ServerProcess server;
  std::uint16_t http_port = server.http_port();
  TestUser anna = sign_in(http_port, "100");
  TestUser ben = sign_in(http_port, "200");
};

}  // namespace

TEST_CASE(
    "a message reaches every device of the receiver and the sender's other ones, in the kind they "
    "speak") {
  DeliveryFixture f;
  auto bens_tablet = sign_in(f.http_port, "200");
  auto bens_page = sign_in(f.http_port, "200");
  auto annas_tablet = sign_in(f.http_port, "100");
  auto phone = f.live(Door::kTcp, f.ben);
  auto tablet = f.live(Door::kWebSocket, bens_tablet);
  auto page = f.live(Door::kWebSocketJson, bens_page);
  auto own = f.live(Door::kTcp, f.anna);
  auto other = f.live(Door::kWebSocket, annas_tablet);

  auto seq = send_text(f.http_port, f.anna, f.ben.id, "hello", 77);

  for (auto* connection : {&phone, &tablet, &page}) {
    auto item = connection->next_message();
    CHECK(text_of(item) == "hello");
    CHECK(item.sender_id() == f.anna.id.value());
    CHECK(item.sender_device_id() == f.anna.device.value());
    CHECK(item.receiver_id() == f.ben.id.value());
    CHECK(item.sender_type() == pb::ST_USER);
    CHECK(item.receiver_type() == pb::RT_USER);
    CHECK(item.status() == pb::MS_NORMAL);
    CHECK(item.request_id() == 77);
    CHECK(item.seq() == 2);  // after the request to be friends
    CHECK(item.send_time() > 1600000000000);
  }
  auto copy = other.next_message();
  CHECK(text_of(copy) == "hello");
  CHECK(copy.seq() == seq.value());
  CHECK_FALSE(own.socket().readable(std::chrono::milliseconds(100)));  // not the sending device
}

TEST_CASE(
    "offline messages come with the next sync, once and in order, and acknowledged ones not "
    "again") {
  DeliveryFixture f;
  for (int i = 1; i <= 250; ++i)
    send_text(f.http_port, f.anna, f.ben.id, "m" + std::to_string(i));
  {
    auto connection = f.connect(Door::kTcp, f.ben);
    auto items = connection.sync(0);
    REQUIRE(items.size() == 251);  // and the request to be friends
    for (std::size_t i = 0; i < items.size(); ++i)
      CHECK(items[i].seq() == static_cast<std::int64_t>(i) + 1);
    CHECK(text_of(items[250]) == "m250");
    connection.acknowledge(200);
    CHECK(connection.sync(240).size() == 11);
  }
  auto tablet = sign_in(f.http_port, "200");
  auto items = f.connect(Door::kWebSocket, tablet).sync(0);
  REQUIRE(items.size() == 51);
  CHECK(items[0].seq() == 201);
}

TEST_CASE("an acknowledgement beyond the inbox hides nothing from a new device") {
  DeliveryFixture f;
  auto first = f.live(Door::kTcp, f.ben);
  first.acknowledge(INT64_MAX);
  first.sync(1);  // answered after it: the next connection ends this one
  auto connection = f.live(Door::kTcp, f.ben);
  send_text(f.http_port, f.anna, f.ben.id, "after");
  CHECK(text_of(connection.next_message()) == "after");
  auto tablet = sign_in(f.http_port, "200");
  auto items = f.connect(Door::kTcp, tablet).sync(0);
  REQUIRE(items.size() == 1);
  CHECK(text_of(items[0]) == "after");
}

TEST_CASE("a client that never syncs gets what comes after it signed in") {
  DeliveryFixture f({"--set", "session.sync_grace_ms=300"});
  auto connection = f.connect(Door::kTcp, f.ben);
  send_text(f.http_port, f.anna, f.ben.id, "one");
  send_text(f.http_port, f.anna, f.ben.id, "two");

  CHECK(text_of(connection.next_message()) == "one");
  CHECK(text_of(connection.next_message()) == "two");
}

TEST_CASE("the same device again replaces its older connection, which is told why") {
  DeliveryFixture f;
  auto tcp = f.live(Door::kTcp, f.ben);
  auto web_socket = f.live(Door::kWebSocket, f.ben);
  auto told = tcp.receive();
  REQUIRE(told);
  CHECK(told->type() == pb::PT_SIGN_IN);
  CHECK(told->code() == 2007);
  CHECK_FALSE(tcp.receive());

  auto again = f.live(Door::kTcp, f.ben);
  CHECK(web_socket.receive()->code() == 2007);
  CHECK_FALSE(web_socket.receive());
  CHECK(web_socket.close_code() == wire::CloseCode::kReplaced);
  send_text(f.http_port, f.anna, f.ben.id, "to the newest");
  CHECK(text_of(again.next_message()) == "to the newest");
}

TEST_CASE("what is not to be kept reaches who is connected, with seq 0, and is stored nowhere") {
  DeliveryFixture f;
  auto connection = f.live(Door::kTcp, f.ben);
  auto before = send_text(f.http_port, f.anna, f.ben.id, "kept");
  CHECK(send_text(f.http_port, f.anna, f.ben.id, "typing", 0, false) == Seq(0));
  auto after = send_text(f.http_port, f.anna, f.ben.id, "kept too");

  CHECK(after == before.next());
  CHECK(text_of(connection.next_message()) == "kept");
  auto passing = connection.next_message();
  CHECK(text_of(passing) == "typing");
  CHECK(passing.seq() == 0);
  CHECK(text_of(connection.next_message()) == "kept too");
  CHECK(connection.sync(1).size() == 2);
}

TEST_CASE("a storm of retries with one request id is one message with one answer") {
  DeliveryFixture f;
  auto connection = f.live(Door::kTcp, f.ben);
  std::vector<std::thread> threads;
  std::vector<Seq> answers(64);
  for (std::size_t i = 0; i < answers.size(); ++i)
    threads.emplace_back(
        [&, i] { answers[i] = send_text(f.http_port, f.anna, f.ben.id, "once", 4711); });
  for (auto& thread : threads)
    thread.join();

  for (auto answer : answers)
    CHECK(answer == answers[0]);
  CHECK(text_of(connection.next_message()) == "once");
  auto next = send_text(f.http_port, f.anna, f.ben.id, "next", 4712);
  CHECK(next == answers[0].next());
  CHECK(text_of(connection.next_message()) == "next");
  CHECK(connection.sync(1).size() == 2);
}

TEST_CASE("a slow reader falls behind, costs bounded memory, and is caught up without a gap") {
  DeliveryFixture f({"--set", "session.outbox_bytes=16384"});
  auto slow = f.connect(Door::kTcp, f.ben);
  slow.socket().set_receive_buffer(65536);
  slow.sync(0);
  constexpr int kCount = 400;
  const std::string filler(20000, '.');
  for (int i = 1; i <= kCount; ++i)  // 8 MB: far beyond what the sockets hold
    send_text(f.http_port, f.anna, f.ben.id, std::to_string(i) + filler);
  auto quick = f.connect(Door::kWebSocket, sign_in(f.http_port, "200"));
  CHECK(quick.sync(1).size() == kCount);

  for (int i = 1; i <= kCount; ++i) {
    auto item = slow.next_message();
    REQUIRE(item.seq() == i + 1);
    REQUIRE(text_of(item) == std::to_string(i) + filler);
  }
}

TEST_CASE("a command about a friendship comes in order with the messages around it") {
  DeliveryFixture f;
  auto carol = sign_in(f.http_port, "300");
  auto connection = f.live(Door::kTcp, f.anna);
  make_friends(f.http_port, f.anna, carol);
  send_text(f.http_port, carol, f.anna.id, "now we are");

  auto command = connection.next_message();
  CHECK(command.sender_type() == pb::ST_SYSTEM);
  CHECK(command.message_type() == pb::MT_COMMAND);
  pb::Command content;
  REQUIRE(content.ParseFromString(command.message_content()));
  CHECK(content.code() == 101);
  auto text = connection.next_message();
  CHECK(text_of(text) == "now we are");
  CHECK(text.seq() == command.seq() + 1);
}
