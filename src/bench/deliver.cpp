// Scenario direct, the second half: from one user's call to another user's long connection.
#include "deliveries.hpp"
#include "http.hpp"
#include "people.hpp"
#include "scenarios.hpp"
#include "server.hpp"

#include <deque>

namespace linnet::bench {
namespace {

constexpr Nanos kStragglers = 10 * kSecond;

// Pair i: user 2i calls over HTTP, user 2i + 1 is connected, by turns over TCP and WebSocket.
class Pairs {
 public:
  Pairs(const Options& options, const Doors& doors, const std::vector<Account>& users)
      : options_(options),
        callers_(poller_, doors.http, options.pairs),
        deliveries_(options.pairs),
        pairs_(options.pairs) {
    std::vector<Account> receivers;
    for (std::size_t i = 0; i < options.pairs; ++i) {
      receivers.push_back(users[2 * i + 1]);
      calls_.emplace_back(users[2 * i], users[2 * i + 1].id, options.payload);
    }
    connect_all(peers_, options.pairs, poller_, doors, receivers, door_of, options.pairs);
  }

  // One send every 1/rate seconds, by turns from each pair. A send that finds its connection still
  // busy waits for it, and its time counts from when it should have left.
  void run_at_rate(std::size_t rate, Nanos from, Nanos until) {
    auto interval = static_cast<double>(kSecond) / static_cast<double>(rate);
    auto due_at = [&](std::size_t k) {
      return from + static_cast<Nanos>(static_cast<double>(k) * interval);
    };
    for (std::size_t k = 0; due_at(k) < until && !deliveries_.full();) {
      for (auto time = now(); due_at(k) < std::min(time + 1, until); ++k)
        intend(k % pairs_.size(), due_at(k));
      turn(std::min(due_at(k), until), false);
    }
  }

  // Each pair sends its next message when the last one is acknowledged and received.
  void start_round_trips() {
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      intend(i, now());
  }
  void run_round_trips(Nanos until) {
    while (now() < until && !deliveries_.full())
      turn(until, true);
  }

  // Waits for what is under way.
  void settle() {
    auto deadline = now() + kStragglers;
    while (!deliveries_.settled() && now() < deadline)
      turn(deadline, false);
  }

  Deliveries& deliveries() { return deliveries_; }

 private:
  struct Pair {
    bool calling = false;
    std::uint64_t number = 0;           // of the call under way
    std::deque<std::uint64_t> waiting;  // for the connection
    std::uint64_t done = 0;             // acknowledged and received events of this pair
  };

  static Door door_of(std::size_t pair) { return pair % 2 == 0 ? Door::kTcp : Door::kWebSocket; }

  void intend(std::size_t pair, Nanos when) {
    pairs_[pair].waiting.push_back(deliveries_.begin(pair, when));
    call_next(pair);
  }

  void call_next(std::size_t place) {
    auto& pair = pairs_[place];
    if (pair.calling || pair.waiting.empty()) return;
    pair.calling = true;
    pair.number = pair.waiting.front();
    pair.waiting.pop_front();
    callers_.call(place, calls_[place].with_request_id(pair.number));
  }

  void half_done(std::size_t place, bool again) {
    if (++pairs_[place].done % 2 == 0 && again) intend(place, now());
  }

  // Handles what happens until then. `again`: round trips go on.
  void turn(Nanos until, bool again) {
    for (const auto& event : poller_.wait(until)) {
      auto tag = static_cast<std::size_t>(event.data.u64);
      if (tag >= pairs_.size()) {
        receive(tag - pairs_.size(), event.events, again);
        continue;
      }
      callers_.handle(event, [&](std::size_t place, const HttpReply& reply) {
        pairs_[place].calling = false;
        deliveries_.acknowledged(pairs_[place].number, reply.status == 200);
        call_next(place);
        half_done(place, again);
      });
    }
  }

  // One acknowledgement for all that came at once.
  void receive(std::size_t place, std::uint32_t events, bool again) {
    std::int64_t last = 0;
    std::size_t count = 0;
    peers_[place].handle(events, [&](const Down& down) {
      if (down.type != pb::PT_MESSAGE) return;
      auto item = read_pushed(down.data);
      deliveries_.received(place, item, now());
      last = item.seq;
      ++count;
    });
    if (count == 0) return;
    if (options_.acknowledge) {
      pb::MessageACK ack;
      ack.set_device_ack(last);
      peers_[place].send(frame(door_of(place), pb::PT_MESSAGE, 0, ack.SerializeAsString()));
    }
    for (; count > 0; --count)
      half_done(place, again);
  }

  const Options& options_;
  Poller poller_;
  Callers callers_;
  std::vector<SendCall> calls_;
  std::vector<Peer> peers_;
  Deliveries deliveries_;
  std::vector<Pair> pairs_;
};

struct Window {
  explicit Window(const Server& measured, Pairs& pairs)
      : deliveries(pairs.deliveries()), begin(now()), before(count()), cpu(measured) {
    deliveries.measure_from(begin);
  }
  double count() const { return static_cast<double>(deliveries.received()); }

  // Rates and CPU of the time since construction; latencies once all has settled.
  std::vector<Cell> row(const std::string& mode, Pairs& pairs) const {
    auto passed = static_cast<double>(now() - begin);
    auto received = std::max(count() - before, 1.0);
    auto server_us = cpu.server_us(received);
    auto generator_us = cpu.generator_us(received);
    pairs.settle();
    const auto& latencies = deliveries.latencies();
    return {mode,
            received / passed * 1e9,
            latencies.percentile_ms(0.5),
            latencies.percentile_ms(0.9),
            latencies.percentile_ms(0.99),
            latencies.max_ms(),
            server_us,
            generator_us,
            static_cast<double>(deliveries.begun())};
  }

  Deliveries& deliveries;
  Nanos begin;
  double before;
  CpuMeter cpu;
};

}  // namespace

Table run_deliver(const Options& options) {
  Table table("direct: deliveries",
              std::to_string(options.pairs) + " pairs, " + std::to_string(options.payload) +
                  " bytes of text: sent over HTTP, received over TCP and WebSocket, half each",
              {{"mode", "mode"},
               {"deliveries_per_s", "deliveries/s"},
               {"p50_ms", "p50 ms", 2},
               {"p90_ms", "p90", 2},
               {"p99_ms", "p99", 2},
               {"max_ms", "max", 2},
               {"server_cpu_us_per_delivery", "server CPU us/delivery", 1},
               {"generator_cpu_us_per_delivery", "generator CPU us/delivery", 1},
               {"checked", "checked"}});
  Server server(options);
  auto users = sign_up(server.site(), 4 * options.pairs);
  std::vector<Account> half(users.begin(),
                            users.begin() + static_cast<std::ptrdiff_t>(users.size() / 2));
  auto check = [&](Pairs& pairs, const std::string& mode) {
    for (const auto& problem : pairs.deliveries().problems())
      table.problem(std::string(mode).append(": ").append(problem));
  };
  {
    const std::string mode = "at " + std::to_string(options.rate) + "/s";
    Pairs pairs(options, server.doors(), half);
    pairs.run_at_rate(options.rate, now(), now() + seconds(options.warm_up));
    Window window(server, pairs);
    pairs.run_at_rate(options.rate, window.begin, window.begin + seconds(options.seconds));
    table.add(window.row(mode, pairs));
    check(pairs, mode);
  }
  half.assign(users.begin() + static_cast<std::ptrdiff_t>(users.size() / 2), users.end());
  Pairs pairs(options, server.doors(), half);
  pairs.start_round_trips();
  pairs.run_round_trips(now() + seconds(options.warm_up));
  Window window(server, pairs);
  pairs.run_round_trips(window.begin + seconds(options.seconds));
  table.add(window.row("round trips", pairs));
  check(pairs, "round trips");
  table.note("latency: from the intended start of the call to the receiver's having the message");
  return table;
}

}  // namespace linnet::bench
