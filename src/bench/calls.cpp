// Scenario calls: what a packet costs that touches nothing but the connection.
#include "heartbeats.hpp"
#include "people.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"

namespace linnet::bench {

Table run_calls(const Options& options) {
  Table table("calls",
              std::to_string(options.beating) + " connections, each with " +
                  std::to_string(options.pipeline) + " heartbeats under way",
              {{"door", "door"},
               {"packets_per_s", "packets/s"},
               {"server_cpu_us_per_packet", "server CPU us/packet", 2},
               {"generator_cpu_us_per_packet", "generator CPU us/packet", 2}});
  Server server(options);
  auto users = sign_up(server.site(), options.beating);
  for (auto door : {Door::kTcp, Door::kWebSocket}) {
    show_progress(std::string("calls: ") + name_of(door));
    Heartbeats heartbeats(options, door, server.doors(), users);
    heartbeats.run(now() + seconds(options.warm_up));
    auto begin = now();
    auto before = static_cast<double>(heartbeats.answers());
    const CpuMeter cpu(server);
    heartbeats.run(begin + seconds(options.seconds));
    auto passed = static_cast<double>(now() - begin);
    auto packets = static_cast<double>(heartbeats.answers()) - before;
    table.add(
        {name_of(door), packets / passed * 1e9, cpu.server_us(packets), cpu.generator_us(packets)});
    if (heartbeats.wrong() > 0)
      table.problem(std::to_string(heartbeats.wrong()) + " answers out of order");
  }
  note_memory(table, server);
  return table;
}

}  // namespace linnet::bench
