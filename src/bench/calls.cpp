// Scenario calls: what a packet costs that touches nothing but the connection.
#include "people.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"

namespace linnet::bench {
namespace {

class Heartbeats {
 public:
  Heartbeats(const Options& options, Door door, const Doors& doors,
             const std::vector<Account>& users)
      : pipeline_(options.pipeline) {
    for (std::size_t i = 0; i < pipeline_; ++i)
      burst_ += frame(door, pb::PT_HEARTBEAT, static_cast<std::int64_t>(i + 1), {});
    auto count = options.beating;
    connect_all(peers_, count, poller_, doors, users, [door](std::size_t) { return door; });
    missing_.assign(count, pipeline_);
    for (auto& peer : peers_)
      peer.send(burst_);
  }

  // Beats until then.
  void run(Nanos until) {
    while (now() < until) {
      for (const auto& event : poller_.wait(until)) {
        auto place = static_cast<std::size_t>(event.data.u64);
        auto& missing = missing_[place];
        peers_[place].handle(event.events, [&](const Down& down) {
          if (down.type != pb::PT_HEARTBEAT) return;
          // Answers come in the order of the questions.
          if (down.request_id != static_cast<std::int64_t>(pipeline_ - missing + 1)) ++wrong_;
          ++answers_;
          --missing;
        });
        if (missing > 0) continue;
        missing = pipeline_;
        peers_[place].send(burst_);
      }
    }
  }
  std::uint64_t answers() const { return answers_; }
  std::uint64_t wrong() const { return wrong_; }

 private:
  Poller poller_;
  std::size_t pipeline_;
  std::string burst_;
  std::vector<Peer> peers_;
  std::vector<std::size_t> missing_;
  std::uint64_t answers_ = 0;
  std::uint64_t wrong_ = 0;
};

}  // namespace

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
