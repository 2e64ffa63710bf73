// Scenario start: what it takes to begin, and what an empty server holds.
#include "groups.hpp"
#include "people.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"

#include <algorithm>

namespace linnet::bench {
namespace {

// All doors are open, as they are by default.
const std::vector<std::string> kDoors{
#ifdef LINNET_GRPC
    "grpc.listen=127.0.0.1:0"
#endif
};

// A server with so much in it, started again with cold files.
void start_full(const Options& options, Table& table) {
  Server server(options, kDoors);
  show_progress("start: " + std::to_string(options.entries) + " entries are made");
  const auto users = sign_up(server.site(), options.group_users);
  const Groups groups(server.doors().http, users, options.group_members);
  groups.send(server.doors().http, options.entries, options.payload);
  server.settle();
  std::vector<double> times;
  for (std::size_t i = 0; i < options.starts; ++i) {
    server.restart(Server::Caches::kEmptied);
    times.push_back(static_cast<double>(server.time_to_ready()) / 1e6);
  }
  rest(0.5);
  std::sort(times.begin(), times.end());
  table.note("with " + std::to_string(options.entries) +
             " inbox entries, files not in memory: ready in " + fixed(times[times.size() / 2], 1) +
             " ms (" + fixed(times.front(), 1) + " to " + fixed(times.back(), 1) + "), RSS " +
             fixed(server.memory().value().rss / 1e6, 1) + " MB");
}

}  // namespace

Table run_start(const Options& options) {
  Table table("start", "an empty directory until all doors are open; the empty server at rest",
              {{"starts", "starts"},
               {"ready_ms_median", "ready ms median", 1},
               {"ready_ms_min", "min", 1},
               {"ready_ms_max", "max", 1},
               {"rss_mb", "RSS MB", 1},
               {"rss_anon_mb", "of it anonymous MB", 1},
               {"threads", "threads"},
               {"idle_cpu_us_per_s", "idle CPU us/s"}});
  std::vector<double> times;
  Memory memory;
  Cell idle = kUnknown;
  for (std::size_t i = 0; i < options.starts; ++i) {
    throw_if_interrupted();
    Server server(options, kDoors);
    times.push_back(static_cast<double>(server.time_to_ready()) / 1e6);
    if (i + 1 < options.starts) continue;
    rest(0.5);
    memory = server.memory().value();
    auto begin = now();
    const CpuMeter cpu(server);
    rest(options.seconds);
    idle = cpu.server_us(static_cast<double>(now() - begin) / 1e9);
  }
  std::sort(times.begin(), times.end());
  table.add({static_cast<double>(times.size()), times[times.size() / 2], times.front(),
             times.back(), memory.rss / 1e6, memory.rss_anon / 1e6, memory.threads, idle});
  if (options.entries > 0) start_full(options, table);
  return table;
}

}  // namespace linnet::bench
