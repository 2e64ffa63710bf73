// The end of a server that is wanted: who is connected is told, what is under way is answered, what
// was acknowledged is kept, and it is over in time.
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"
#include "linnet/wire/goodbye.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <csignal>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <thread>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

// Sends over one long connection as fast as it is answered; keeps what was acknowledged.
struct Sender {
  Sender(const ServerProcess& server, const TestUser& user)
      : to(user.id),
        connection(
            LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), user)) {}

  void run(int number) {
    for (int i = 1;; ++i) {
      const auto words = std::to_string(number) + "/" + std::to_string(i);
      pb::CallInput call;
      call.set_method("/pb.LogicExt/SendMessage");
      call.set_request(text_to(to, words).SerializeAsString());
      try {
        connection.send(pb::PT_CALL, i, call.SerializeAsString());
      } catch (const std::runtime_error&) {
        // Closed already; what was said before that is still to be read.
      }
      for (;;) {
        auto packet = connection.receive();
        if (!packet) return;
        if (packet->code() == 2008) told = true;
        if (packet->type() != pb::PT_CALL) continue;
        if (packet->code() != 0) break;
        acknowledged.insert(words);
        ++count;
        break;
      }
    }
  }

  UserId to;
  LongConnection connection;
  std::set<std::string> acknowledged;
  std::atomic<std::size_t> count = 0;  // of these
  bool told = false;
};

std::size_t count_of(const std::list<Sender>& senders) {
  std::size_t all = 0;
  for (const auto& one : senders)
    all += one.count;
  return all;
}

}  // namespace

TEST_CASE("SIGTERM under load: everybody is told, and every acknowledged message is there after") {
  TempDir dir;
  auto server = std::make_unique<ServerProcess>(dir.path() / "data");
  auto anna = sign_in(server->http_port(), "100");
  std::list<Sender> senders;
  std::vector<TestUser> devices;
  for (int i = 0; i < 8; ++i) {
    devices.push_back(sign_in(server->http_port(), "100"));
    senders.emplace_back(*server, devices.back());
  }
  auto listener =
      LongConnection::sign_in(Door::kWebSocket, server->tcp_port(), server->http_port(), anna);
  listener.sync(0);
  std::vector<std::thread> threads;
  int number = 0;
  for (auto& sender : senders)
    threads.emplace_back([&sender, number = ++number] { sender.run(number); });
  for (const auto until = std::chrono::steady_clock::now() + kPatience;
       count_of(senders) <= 50 && std::chrono::steady_clock::now() < until;)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));

  const auto begin = std::chrono::steady_clock::now();
  CHECK(server->stop() == 0);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
  for (auto& thread : threads)
    thread.join();
  while (listener.receive()) {
  }
  CHECK(listener.close_code() == wire::CloseCode::kGoingAway);

  server = std::make_unique<ServerProcess>(dir.path() / "data");
  auto reader = LongConnection::sign_in(Door::kTcp, server->tcp_port(), server->http_port(), anna);
  std::map<std::string, int> found;
  for (const auto& item : reader.sync(0))
    ++found[text_of(item)];
  std::size_t acknowledged = 0;
  for (const auto& sender : senders) {
    CHECK(sender.told);
    acknowledged += sender.acknowledged.size();
    for (const auto& words : sender.acknowledged)
      CHECK(found[words] == 1);
  }
  CHECK(acknowledged > 50);
}

TEST_CASE("a call that is under way when the server stops is answered before the goodbye") {
  TempDir dir;
  auto server = std::make_unique<ServerProcess>(dir.path() / "data");
  auto anna = sign_in(server->http_port(), "100");
  Sender sender(*server, anna);
  // More calls than are answered before the signal arrives.
  for (int i = 1; i <= 16; ++i) {
    pb::CallInput call;
    call.set_method("/pb.LogicExt/SendMessage");
    call.set_request(text_to(anna.id, std::string(50000, 'x')).SerializeAsString());
    sender.connection.send(pb::PT_CALL, i, call.SerializeAsString());
  }
  const auto first = sender.connection.receive();
  REQUIRE(first);
  int status = -1;
  std::thread stopping([&] { status = server->stop(); });
  std::size_t answers = first->code() == 0 ? 1 : 0;
  bool goodbye = false;
  bool last_word = true;
  while (auto packet = sender.connection.receive()) {
    last_word = last_word && !goodbye;
    if (packet->type() == pb::PT_CALL && packet->code() == 0) ++answers;
    goodbye = packet->code() == 2008;
  }
  stopping.join();
  CHECK(status == 0);
  CHECK(last_word);
  CHECK(goodbye);
  // What was carried out was answered.
  server = std::make_unique<ServerProcess>(dir.path() / "data");
  auto reader = LongConnection::sign_in(Door::kTcp, server->tcp_port(), server->http_port(),
                                        sign_in(server->http_port(), "100"));
  CHECK(reader.sync(0).size() == answers);
}

TEST_CASE("a request over HTTP that never ends keeps nobody from being told of the end") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  const auto anna = sign_in(server.http_port(), "100");
  auto connection =
      LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), anna);
  Socket stuck(server.http_port());
  stuck.send("POST /pb.LogicExt/SendMessage HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
  CHECK(server.stop() == 0);
  const auto last = connection.receive();
  REQUIRE(last);
  CHECK(last->code() == 2008);
}

TEST_CASE("with a delay /readyz says no while the doors are open still") {
  TempDir dir;
  ServerProcess server(dir.path() / "data", {"--set", "server.drain_delay_ms=20000"});
  CHECK(http(server.http_port(), "GET", "/readyz").status == 200);
  ::kill(server.pid(), SIGTERM);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(15000);
  int status = 200;
  while (status == 200 && std::chrono::steady_clock::now() < until)
    status = http(server.http_port(), "GET", "/readyz").status;
  CHECK(status == 503);
  CHECK(http(server.http_port(), "GET", "/healthz").status == 200);
  CHECK(server.stop() == 128 + SIGTERM);  // a second signal
}

TEST_CASE("a second signal ends a server at once that is still waiting") {
  TempDir dir;
  ServerProcess server(dir.path() / "data", {"--set", "server.drain_delay_ms=60000"});
  ::kill(server.pid(), SIGTERM);
  for (auto until = std::chrono::steady_clock::now() + kPatience;
       server.log().find("stopping") == std::string::npos &&
       std::chrono::steady_clock::now() < until;)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(server.stop() == 128 + SIGTERM);
}

TEST_CASE(
    "three hundred devices survive a restart: each hears of it, when to come back, and misses "
    "nothing") {
  TempDir dir;
  auto server = std::make_unique<ServerProcess>(dir.path() / "data");
  auto anna = sign_in(server->http_port(), "100");
  std::vector<TestUser> devices;
  std::vector<LongConnection> connections;
  for (int i = 0; i < 300; ++i) {
    devices.push_back(sign_in(server->http_port(), "100"));
    const auto door = i % 2 == 0 ? Door::kTcp : Door::kWebSocket;
    connections.push_back(
        LongConnection::sign_in(door, server->tcp_port(), server->http_port(), devices.back()));
    connections.back().sync(0);
  }
  send_text(server->http_port(), anna, anna.id, "before");
  for (auto& connection : connections)
    REQUIRE(text_of(connection.next_message()) == "before");
  CHECK(server->stop() == 0);
  std::set<std::chrono::milliseconds> pauses;
  for (std::size_t i = 0; i < connections.size(); ++i) {
    std::string told;
    while (auto packet = connections[i].receive())
      if (packet->code() == 2008) told = packet->message();
    if (connections[i].close_code() == wire::CloseCode::kGoingAway)
      told = connections[i].close_reason();
    const auto pause = wire::pause_in(told);
    REQUIRE(pause);
    pauses.insert(*pause);
  }
  // Each at another time: some may have drawn the same.
  CHECK(pauses.size() > 100);
  server = std::make_unique<ServerProcess>(dir.path() / "data");
  send_text(server->http_port(), anna, anna.id, "after");
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const auto door = i % 2 == 0 ? Door::kTcp : Door::kWebSocket;
    auto again = LongConnection::sign_in(door, server->tcp_port(), server->http_port(), devices[i]);
    auto missed = again.sync(1);
    REQUIRE(missed.size() == 1);
    CHECK(text_of(missed[0]) == "after");
  }
}
