// How many connections are let in, from where, and how fast.
#include "gate.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace linnet;
using namespace linnet::gateway;
using boost::asio::ip::make_address;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

std::shared_ptr<Gate> gate_of(std::size_t connections, std::size_t per_address,
                              std::uint32_t per_second, Refusals& refusals) {
  GateOptions options;
  options.connections = connections;
  options.per_address = per_address;
  options.accepts_per_second = per_second;
  return std::make_shared<Gate>(options, refusals);
}

}  // namespace

TEST_CASE("there are as many connections as there may be, and one that ends makes room") {
  Refusals refusals;
  auto gate = gate_of(3, 0, 0, refusals);
  std::vector<Gate::Ticket> tickets;
  for (int i = 0; i < 3; ++i)
    tickets.push_back(gate->enter(make_address("192.0.2.1")));

  CHECK_FALSE(gate->enter(make_address("192.0.2.2")));
  CHECK(refusals.of(Refusal::kConnections) == 1);

  auto moved = std::move(tickets.back());
  tickets.pop_back();
  CHECK_FALSE(gate->enter(make_address("192.0.2.2")));
  moved = Gate::Ticket();
  CHECK(gate->taken() == 2);
  CHECK(gate->enter(make_address("192.0.2.2")));
}

TEST_CASE("who needs two descriptors takes two places of all, and is one of its address") {
  Refusals refusals;
  auto gate = gate_of(5, 3, 0, refusals);
  const auto address = make_address("192.0.2.1");
  std::vector<Gate::Ticket> tickets;
  for (int i = 0; i < 2; ++i)
    tickets.push_back(gate->enter(address, 2));
  CHECK(gate->taken() == 4);
  CHECK_FALSE(gate->enter(address, 2));
  CHECK(refusals.of(Refusal::kConnections) == 1);
  tickets.push_back(gate->enter(address));
  CHECK(tickets.back());

  tickets.erase(tickets.begin());
  CHECK(gate->taken() == 3);
  tickets.front() = gate->enter(address);
  CHECK(gate->taken() == 2);
  tickets.front() = Gate::Ticket();
  CHECK(gate->taken() == 1);
  CHECK(refusals.of(Refusal::kPerAddress) == 0);
}

TEST_CASE("an address has its share; a host's IPv6 addresses are one") {
  Refusals refusals;
  auto gate = gate_of(0, 2, 0, refusals);
  struct Case {
    const char* first;
    const char* second;
    bool same;
  };
  for (const auto& c : std::vector<Case>{{"192.0.2.1", "192.0.2.1", true},
                                         {"192.0.2.1", "192.0.2.2", false},
                                         {"::ffff:192.0.2.1", "192.0.2.1", true},
                                         {"2001:db8:1:2::1", "2001:db8:1:2:3::1", true},
                                         {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
                                         {"127.0.0.1", "127.0.0.1", false},
                                         {"::1", "::1", false},
                                         {"::ffff:127.0.0.1", "127.0.0.1", false},
                                         {"127.0.0.2", "127.0.0.2", true}}) {
    CAPTURE(c.first, c.second);
    std::vector<Gate::Ticket> tickets;
    tickets.push_back(gate->enter(make_address(c.first)));
    tickets.push_back(gate->enter(make_address(c.first)));
    CHECK(static_cast<bool>(gate->enter(make_address(c.second))) == !c.same);
  }
  CHECK(refusals.of(Refusal::kPerAddress) == 4);
  CHECK(gate->taken() == 0);
}

TEST_CASE("a ticket keeps its gate") {
  Refusals refusals;
  auto gate = gate_of(1, 1, 0, refusals);
  auto ticket = gate->enter(make_address("192.0.2.1"));
  std::weak_ptr<Gate> weak = gate;
  gate.reset();
  CHECK_FALSE(weak.expired());
  ticket = Gate::Ticket();
  CHECK(weak.expired());
}

TEST_CASE("connections are let in at an even pace, a few ahead of it") {
  Refusals refusals;
  auto gate = gate_of(0, 0, 1000, refusals);
  microseconds now(7000000);
  microseconds waited(0);
  for (int i = 0; i < 1000; ++i) {
    auto wait = gate->pace(now);
    now += wait;
    waited += wait;
  }
  CHECK(waited == milliseconds(995));

  now += milliseconds(500);  // what was not used is not saved up
  for (int i = 0; i < 5; ++i)
    CHECK(gate->pace(now) == microseconds(0));
  CHECK(gate->pace(now) == milliseconds(1));

  auto free = gate_of(0, 0, 0, refusals);
  for (int i = 0; i < 100; ++i)
    CHECK(free->pace(now) == microseconds(0));
}

TEST_CASE("a flood of refusals is a line a second, with their number") {
  Refusals refusals;
  auto gate = gate_of(1, 0, 0, refusals);
  CHECK(gate->log_now(milliseconds(0)) == 1);
  for (int i = 0; i < 50; ++i)
    CHECK(gate->log_now(milliseconds(10 * i)) == 0);
  CHECK(gate->log_now(milliseconds(1000)) == 51);
}
