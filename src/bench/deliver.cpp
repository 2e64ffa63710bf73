// Scenario direct, the second half: from one user's call to another user's long connection.
#include "pairs.hpp"
#include "people.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"

#include <algorithm>

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
            latencies.percentile_ms(0.999),
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
               {"p999_ms", "p99.9", 2},
               {"max_ms", "max", 2},
               {"server_cpu_us_per_delivery", "server CPU us/delivery", 1},
               {"generator_cpu_us_per_delivery", "generator CPU us/delivery", 1},
               {"checked", "checked"}});
  Server server(options);
  constexpr std::size_t kRows = 3;
  const auto users = sign_up(server.site(), kRows * 2 * options.pairs);
  // Of each row: inboxes are empty at first.
  std::size_t used = 0;
  const auto fresh = [&] {
    const auto from = users.begin() + static_cast<std::ptrdiff_t>(used);
    used += 2 * options.pairs;
    return std::vector<Account>(from, users.begin() + static_cast<std::ptrdiff_t>(used));
  };
  const auto note_problems = [&](Pairs& pairs, const std::string& mode) {
    for (const auto& problem : pairs.deliveries().problems())
      table.problem(std::string(mode).append(": ").append(problem));
  };
  const auto at_rate = [&](std::size_t rate, const std::string& why) {
    const auto mode = "at " + std::to_string(rate) + "/s" + why;
    show_progress("direct: " + mode);
    Pairs pairs(options, server.doors(), fresh());
    pairs.run_at_rate(rate, now(), now() + seconds(options.warm_up));
    const Window window(server, pairs);
    pairs.run_at_rate(rate, window.begin, window.begin + seconds(options.seconds));
    table.add(window.row(mode, pairs));
    note_problems(pairs, mode);
  };
  at_rate(options.rate, "");
  std::size_t most = 0;
  {
    Pairs pairs(options, server.doors(), fresh());
    pairs.start_round_trips();
    pairs.run_round_trips(now() + seconds(options.warm_up));
    const Window window(server, pairs);
    pairs.run_round_trips(window.begin + seconds(options.seconds));
    auto row = window.row("round trips", pairs);
    most = static_cast<std::size_t>(std::get<double>(row[1]));
    table.add(std::move(row));
    note_problems(pairs, "round trips");
  }
  at_rate(std::max<std::size_t>(most / 2, 1), ", half of that");
  table.note("latency: from the intended start of the call to the receiver's having the message");
  note_memory(table, server);
  return table;
}

}  // namespace linnet::bench
