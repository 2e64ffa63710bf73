// Connections that have rested for a while, so that the server's sweeps pass them by: whatever
// begins then is noticed as it is on a new one.
#include "limited.hpp"

#include <catch2/catch.hpp>

#include <list>
#include <thread>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;
using std::chrono::milliseconds;

namespace {

struct Resting : Limited {
  explicit Resting(std::vector<std::string> settings) : Limited(with(std::move(settings))) {}

  static std::vector<std::string> with(std::vector<std::string> settings) {
    settings.insert(settings.end(), {"session.sync_grace_ms=1", "server.io_threads=1"});
    return settings;
  }
  // Signed in, and left alone for the time of some sweeps.
  LongConnection rested(Door door, const TestUser& user) const {
    auto connection = LongConnection::sign_in(door, server.tcp_port(), server.http_port(), user);
    std::this_thread::sleep_for(milliseconds(700));
    return connection;
  }
};

}  // namespace

TEST_CASE("who rested and then sends too much is read at its pace, and answered to the last") {
  const Resting f(
      {"limits.enabled=true", "limits.packets_per_second=100", "limits.packets_burst=20"});
  auto connection = f.rested(Door::kTcp, sign_in(f.server.http_port(), "100"));
  for (int i = 1; i <= 100; ++i)
    connection.send(pb::PT_HEARTBEAT, i, {});
  for (int i = 1; i <= 100; ++i)
    REQUIRE(connection.receive()->request_id() == i);
  CHECK(f.refused("packets") > 0);
}

TEST_CASE("who rested and then reads nothing counts towards what all have unsent") {
  const Resting f({"limits.unsent_bytes=150000"});
  const auto user = sign_in(f.server.http_port(), "100");
  auto slow = f.rested(Door::kTcp, sign_in(f.server.http_port(), "100"));
  slow.socket().set_receive_buffer(4096);
  const std::string text(20'000, 'x');
  // Far more than the sockets hold.
  for (int i = 0; i < 400 && f.refused("unsent_bytes") == 0; ++i)
    send_text(f.server.http_port(), user, user.id, text);
  CHECK(f.refuses_in_time("unsent_bytes", 1));
}

TEST_CASE("who rested and then is told its end is closed, also if it stays") {
  const Resting f({});
  for (const auto door : {Door::kTcp, Door::kWebSocket}) {
    auto connection = f.rested(door, sign_in(f.server.http_port(), "100"));
    // On either door too large for anything.
    connection.socket().send(std::string(100'000, '\xff'));
    // The server has said its last word.
    CHECK(ends(connection.socket()));
    // What is sent then is read for a moment; after that nobody is there.
    const auto until = std::chrono::steady_clock::now() + kPatience;
    CHECK_THROWS([&] {
      while (std::chrono::steady_clock::now() < until) {
        connection.socket().send("x");
        std::this_thread::sleep_for(milliseconds(50));
      }
    }());
  }
}
