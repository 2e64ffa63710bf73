// Scenario direct, the second half: from one user's call to another user's long connection.
#include "pairs.hpp"
#include "people.hpp"
#include "scenarios.hpp"
#include "server.hpp"

namespace linnet::bench {
namespace {

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
