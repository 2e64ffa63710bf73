// What a connection over gRPC may take for nothing, without gRPC.
#include "grpc/waste.hpp"
#include "support/false_clock.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <sys/socket.h>

using namespace linnet;
using namespace linnet::gateway;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMessage = 1000;  // bytes of the largest
// Of bytes 100 at once, and 10 a second.
constexpr RefusalLimits kWasteLimits{{10, 20}, {640, 800}};

Waste new_waste() {
  Waste waste(kWasteLimits, kMessage);
  CHECK_FALSE(waste.look(5s, {}));
  return waste;
}

// The second look in a row that finds too much is the one that counts.
bool too_much(Waste& waste, std::chrono::nanoseconds now, const Traffic& traffic) {
  waste.look(now, traffic);
  return waste.look(now, traffic);
}

}  // namespace

TEST_CASE("a connection may cancel at a pace, and once all that it may have under way") {
  Waste waste(kWasteLimits, kMessage);
  int cancelled = 0;
  while (!waste.cancelled(5s))
    ++cancelled;
  CHECK(cancelled == 20 + 100);
  CHECK(waste.cancelled(5s));
  CHECK_FALSE(waste.cancelled(5300ms));
  for (int i = 0; i < 1000; ++i)
    CHECK_FALSE(waste.cancelled(20s + i * 100ms));
}

TEST_CASE("a connection may have what it may have under way, and as many that it cancelled") {
  Waste waste(kWasteLimits, kMessage);
  for (int i = 0; i < 100 + 20 + 100; ++i)
    CHECK_FALSE(waste.begun(10));
  CHECK(waste.begun(10));
  waste.ended();
  waste.ended();
  CHECK_FALSE(waste.begun(10));
  CHECK(waste.begun(10));
}

TEST_CASE("what a call says is no waste, what is said beside it is, beyond a burst and a rate") {
  auto waste = new_waste();
  CHECK_FALSE(too_much(waste, 5s, {100, 0}));
  CHECK(too_much(waste, 5s, {101, 0}));
  CHECK_FALSE(too_much(waste, 6s, {110, 0}));
  CHECK(too_much(waste, 6s, {111, 0}));

  auto calling = new_waste();
  calling.begun(50);
  // Its message may be on its way.
  CHECK_FALSE(too_much(calling, 5s, {562 + 100 + 1000, 0}));
  CHECK(too_much(calling, 5s, {562 + 100 + 1001, 0}));
  calling.message(640);
  CHECK(too_much(calling, 5s, {562 + 650 + 100 + 1000, 0}));
  calling.awaited();
  CHECK_FALSE(too_much(calling, 5s, {562 + 650 + 100 + 1000, 0}));
  calling.no_message();
  CHECK(too_much(calling, 5s, {562 + 650 + 100 + 1000, 0}));
}

TEST_CASE("who is sent much has words of flow control to say") {
  auto waste = new_waste();
  CHECK_FALSE(too_much(waste, 5s, {100 + 1000, 8000}));
  CHECK(too_much(waste, 5s, {100 + 1001, 8000}));
}

TEST_CASE("one look that finds too much may be early") {
  auto waste = new_waste();
  CHECK_FALSE(waste.look(5s, {700, 0}));
  waste.begun(188);
  CHECK_FALSE(waste.look(5s, {700, 0}));
  CHECK_FALSE(waste.look(5s, {700 + kMessage, 0}));
}

TEST_CASE("without limits nothing is too much") {
  Waste waste({{0, 0}, {0, 0}}, kMessage);
  for (int i = 0; i < 1000; ++i) {
    CHECK_FALSE(waste.cancelled(5s));
    CHECK_FALSE(waste.begun(10));
  }
  CHECK_FALSE(too_much(waste, 5s, {1'000'000, 0}));
}

TEST_CASE("an address is barred for a while after one of its connections was cut") {
  test::FalseClock clock;
  Refusals refusals;
  WasteGuard guard(clock, refusals, {{10, 2}, {0, 0}}, kMessage);
  // No descriptor of a socket: what is cut there is nothing.
  auto account = guard.enter("ipv4:192.0.2.1:1000", "192.0.2.1", 1'000'000);
  CHECK(guard.find("ipv4:192.0.2.1:1000") == account);
  CHECK(guard.find("ipv4:192.0.2.1:1001") == nullptr);
  for (int i = 0; i < 200; ++i)
    account->cancelled();
  CHECK(refusals.of(Refusal::kWaste) == 1);  // cut once
  CHECK_FALSE(guard.barred("192.0.2.2"));
  CHECK(guard.barred("192.0.2.1"));
  CHECK(refusals.of(Refusal::kWaste) == 2);
  clock.pass(30s);
  CHECK_FALSE(guard.barred("192.0.2.1"));

  // The same name anew, before the end of the first was seen.
  auto next = guard.enter("ipv4:192.0.2.1:1000", "192.0.2.1", 1'000'000);
  guard.leave("ipv4:192.0.2.1:1000", account);
  CHECK(guard.find("ipv4:192.0.2.1:1000") == next);
  guard.leave("ipv4:192.0.2.1:1000", next);
  CHECK(guard.find("ipv4:192.0.2.1:1000") == nullptr);
  for (int i = 0; i < 200; ++i)
    next->cancelled();
  CHECK_FALSE(guard.barred("192.0.2.1"));  // it has left
}

TEST_CASE("what a peer left behind that reset its side is thrown away") {
  test::FalseClock clock;
  Refusals refusals;
  WasteGuard guard(clock, refusals, {{10, 2}, {0, 0}}, kMessage);
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
  boost::asio::ip::tcp::socket peer(context);
  peer.connect(acceptor.local_endpoint());
  auto socket = acceptor.accept();
  boost::asio::write(peer, boost::asio::buffer(std::string(10'000, 'x')));
  socket.wait(boost::asio::socket_base::wait_read);
  CHECK(socket.available() > 0);
  peer.set_option(boost::asio::socket_base::linger(true, 0));
  peer.close();

  auto account = guard.enter("ipv4:192.0.2.1:1000", "192.0.2.1", socket.native_handle());
  account->peer_gone();
  guard.leave("ipv4:192.0.2.1:1000", account);
  std::array<char, 16> rest{};
  CHECK(::recv(socket.native_handle(), rest.data(), rest.size(), MSG_DONTWAIT) <= 0);
  CHECK_FALSE(guard.barred("192.0.2.1"));
}

TEST_CASE("without a rate of refusals no connection over gRPC has an account") {
  test::FalseClock clock;
  Refusals refusals;
  WasteGuard guard(clock, refusals, {{0, 0}, {0, 0}}, kMessage);
  CHECK(guard.enter("ipv4:192.0.2.1:1000", "192.0.2.1", 1'000'000) == nullptr);
}
