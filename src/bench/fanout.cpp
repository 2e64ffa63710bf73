// Scenario fanout: one message to every member of a live room, by turns with the floor.
#include "crowd.hpp"
#include "fanout_targets.hpp"
#include "processors.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"
#include "syscalls.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace linnet::bench {
namespace {

constexpr double kFewestBursts = 5;  // measured at a time
constexpr std::size_t kLargeRoom = 3000;
constexpr std::size_t kPaceMs = 20;
constexpr std::size_t kOtherFiles = 100;
// Two megabytes for each member, at a rate that whoever reads keeps up with.
constexpr std::size_t kFloodBurst = 50;
constexpr double kFloods = 40;
// No faster than those who read can: beyond, they miss messages, or are cut for what they are owed.
constexpr double kFloodedPerSecond = 250'000;  // deliveries
constexpr std::size_t kFloodBytes = 1000;

struct Load {
  std::size_t members = 0;
  std::size_t bytes = 0;
  std::size_t burst = 1;
  double per_second = 0;  // messages
  bool flood = false;     // first so much that whoever does not read is blocked
};

// Of one target in one round; CPU time in microseconds for each delivery.
struct Sample {
  double deliveries_per_s = 0;
  double messages_per_s = 0;  // to each member
  double server_us = 0;       // 0: not known
  double generator_us = 0;
  double wire_bytes = 0;
  double busiest_us = 0;  // of server_us, the thread's that has most of it
  double rss_mb = 0;
};

// What was seen of a target in all rounds.
struct Outcome {
  std::vector<Sample> samples;
  Histogram latencies;
  std::optional<double> syscalls;  // of a delivery
  bool failed = false;

  double median_of(double Sample::*figure) const {
    std::vector<double> values;
    for (const auto& sample : samples)
      values.push_back(sample.*figure);
    return median(values);
  }
  // Messages that each member gets.
  double rate_of_each() const { return median_of(&Sample::messages_per_s); }
  double p99_over(const Outcome& other) const {
    return latencies.percentile_ms(0.99) / std::max(other.latencies.percentile_ms(0.99), 1e-6);
  }
};

class Fanout {
 public:
  Fanout(const Options& options, Table& table)
      : options_(options), table_(table), pinning_(options.pin) {}

  const Pinning& pinning() const { return pinning_; }

  // Rounds of each target in turn, the order turned over each time. `base`: the place of the one
  // that the others are compared with; beyond the last: none. What was seen of each.
  std::vector<Outcome> compare(const std::vector<Target>& targets, std::size_t base,
                               const Load& load) {
    std::vector<Outcome> outcomes(targets.size());
    for (std::size_t round = 0; round < options_.rounds; ++round) {
      for (std::size_t turn = 0; turn < targets.size(); ++turn) {
        const auto which = round % 2 == 0 ? turn : targets.size() - 1 - turn;
        show_progress("fanout: " + targets[which].name + ", " + std::to_string(load.members) +
                          " members, " + std::to_string(load.bytes) + " bytes, burst " +
                          std::to_string(load.burst),
                      round * targets.size() + turn, options_.rounds * targets.size());
        if (!outcomes[which].failed) take(targets[which], load, outcomes[which]);
      }
    }
    for (std::size_t i = 0; options_.syscalls && i < targets.size(); ++i)
      if (!outcomes[i].failed) outcomes[i].syscalls = count_syscalls(targets[i], load);
    for (std::size_t i = 0; i < targets.size(); ++i)
      if (!outcomes[i].failed)
        add_row(targets[i], load, outcomes[i], base < targets.size() ? &outcomes[base] : nullptr);
    return outcomes;
  }

 private:
  // What goes wrong with another's server costs only its own row.
  void take(const Target& target, const Load& load, Outcome& outcome) {
    try {
      outcome.samples.push_back(measure(target, load, outcome.latencies));
    } catch (const Interrupted&) {
      throw;
    } catch (const std::exception& why) {
      if (!target.foreign) throw;
      outcome.failed = true;
      table_.note(target.name + ", " + std::to_string(load.members) +
                  " members, left out: " + why.what());
    }
  }

  CrowdOptions crowd_options(const Target& target, const Load& load) const {
    CrowdOptions wanted;
    wanted.members = load.members;
    wanted.payload = load.bytes;
    wanted.stuck = target.stuck;
    wanted.sweep = (load.members > kLargeRoom ? 100 : 25) * kMilli;
    if (options_.sweep_ms > 0) wanted.sweep = static_cast<Nanos>(options_.sweep_ms) * kMilli;
    return wanted;
  }

  // In a round of its own.
  std::optional<double> count_syscalls(const Target& target, const Load& load) {
    if (!target.pid) return std::nullopt;
    const auto dialect = target.dialect(load.members);
    Crowd crowd(*dialect, target.address, crowd_options(target, load));
    const auto per_second = load.per_second / static_cast<double>(load.burst);
    publish(crowd, load.burst, per_second, options_.warm_up);
    crowd.settle_all();
    const auto published = crowd.published();
    SyscallCounter counter(*target.pid);
    publish(crowd, load.burst, per_second, std::max(options_.seconds, kFewestBursts / per_second));
    crowd.settle_all();
    const auto count = counter.stop();
    if (!count) return std::nullopt;
    return *count / (static_cast<double>(crowd.published() - published) *
                     static_cast<double>(crowd.hearers()));
  }

  Sample measure(const Target& target, const Load& load, Histogram& latencies) {
    const auto dialect = target.dialect(load.members);
    Crowd crowd(*dialect, target.address, crowd_options(target, load));
    const auto per_second = load.per_second / static_cast<double>(load.burst);
    if (load.flood) {
      const auto floods_per_second =
          kFloodedPerSecond / static_cast<double>(kFloodBurst * load.members);
      publish(crowd, kFloodBurst, floods_per_second, kFloods / floods_per_second);
    }
    publish(crowd, load.burst, per_second, options_.warm_up);
    crowd.settle();
    crowd.forget();

    const auto published = crowd.published();
    const auto begin = now();
    const auto threads = threads_of(target);
    const auto server_cpu = server_time(target);
    const auto cpu = own_cpu();
    publish(crowd, load.burst, per_second, std::max(options_.seconds, kFewestBursts / per_second));
    crowd.settle();
    const auto passed = static_cast<double>(now() - begin);
    const auto server_used = server_time(target) - server_cpu;
    const auto used = own_cpu() - cpu;
    Nanos busiest = 0;
    for (const auto& [thread, time] : threads_of(target))
      if (auto before = threads.find(thread); before != threads.end())
        busiest = std::max(busiest, time - before->second);

    const auto messages = static_cast<double>(crowd.published() - published);
    const auto deliveries = messages * static_cast<double>(crowd.hearers());
    crowd.settle_all();
    latencies.add(crowd.latencies());
    const auto blocked = crowd.blocked();
    if (blocked < target.stuck)
      table_.note(target.name + ": only " + std::to_string(blocked) + " were blocked");
    for (const auto& problem : crowd.problems()) {
      const auto words = target.name + ", " + std::to_string(load.members) + " members: " + problem;
      if (target.foreign) {
        table_.note(words);
      } else {
        table_.problem(words);
      }
    }
    return {deliveries / passed * 1e9,
            messages / passed * 1e9,
            static_cast<double>(server_used) / deliveries / 1e3,
            static_cast<double>(used) / deliveries / 1e3,
            crowd.bytes_per_message(),
            static_cast<double>(busiest) / deliveries / 1e3,
            target.pid ? memory_of(*target.pid).rss / 1e6 : 0};
  }

  static std::map<pid_t, Nanos> threads_of(const Target& target) {
    if (!target.pid) return {};
    return threads_cpu(*target.pid);
  }

  Nanos server_time(const Target& target) const {
    return target.pid ? cpu_of(*target.pid) + soft_irq_cpu(pinning_.on()) : 0;
  }

  // Bursts at their times, whatever becomes of those before.
  static void publish(Crowd& crowd, std::size_t burst, double per_second, double for_seconds) {
    const auto begin = now();
    const auto bursts = static_cast<std::size_t>(for_seconds * per_second) + 1;
    for (std::size_t i = 0; i < bursts; ++i) {
      const auto due = begin + seconds(static_cast<double>(i) / per_second);
      crowd.run(due);
      crowd.publish(burst, due);
    }
    crowd.run(begin + seconds(static_cast<double>(bursts) / per_second));
  }

  void add_row(const Target& target, const Load& load, const Outcome& outcome,
               const Outcome* base) {
    const auto server_us = outcome.median_of(&Sample::server_us);
    Cell ratio = kUnknown;
    Cell range = kUnknown;
    if (base != nullptr && target.pid) {
      std::vector<double> ratios;
      for (std::size_t i = 0; i < outcome.samples.size(); ++i)
        ratios.push_back(outcome.samples[i].server_us / base->samples[i].server_us);
      const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
      ratio = median(ratios);
      range = fixed(*least, 2) + " to " + fixed(*most, 2);
    }
    table_.add(
        {target.name, static_cast<double>(load.members), static_cast<double>(load.bytes),
         static_cast<double>(load.burst), load.per_second, outcome.median_of(&Sample::wire_bytes),
         outcome.median_of(&Sample::deliveries_per_s), target.pid ? Cell(server_us) : kUnknown,
         target.pid ? Cell(outcome.median_of(&Sample::busiest_us)) : kUnknown,
         outcome.syscalls ? Cell(*outcome.syscalls) : kUnknown,
         target.pid ? Cell(outcome.median_of(&Sample::rss_mb)) : kUnknown,
         outcome.median_of(&Sample::generator_us), outcome.latencies.percentile_ms(0.5),
         outcome.latencies.percentile_ms(0.99), std::move(ratio), std::move(range)});
  }

  const Options& options_;
  Table& table_;
  Pinning pinning_;
};

Table make_table(const Options& options) {
  return {"fanout",
          "one message to every member of a live room, over " +
              std::string(name_of(options.over_tcp ? Door::kTcp : Door::kWebSocket)) +
              ", beside a bare epoll server; medians of " + std::to_string(options.rounds) +
              " rounds",
          {{"server", "server"},
           {"members", "members"},
           {"bytes", "bytes"},
           {"burst", "burst"},
           {"messages_per_s", "messages/s", 1},
           {"wire_bytes_per_delivery", "wire bytes", 1},
           {"deliveries_per_s", "deliveries/s"},
           {"server_cpu_us_per_delivery", "server CPU us/delivery", 3},
           {"busiest_thread_us_per_delivery", "busiest thread", 3},
           {"syscalls_per_delivery", "syscalls", 3},
           {"rss_mb", "RSS MB", 1},
           {"generator_cpu_us_per_delivery", "generator", 3},
           {"p50_ms", "p50 ms", 2},
           {"p99_ms", "p99", 2},
           {"cpu_ratio", "ratio", 3},
           {"cpu_ratio_range", "from to"}}};
}

// One room of Linnet's beside another: paced, and with members that do not read.
void compare_rooms(const Options& options, Fanout& fanout, const LinnetUnderLoad& linnet,
                   const LinnetUnderLoad* paced, Table& table) {
  const auto members = options.members.front();
  if (paced != nullptr)
    fanout.compare({paced->target(), linnet.target()}, 1,
                   {members, options.bytes.front(), 1, static_cast<double>(options.hot)});
  if (options.stuck == 0) return;
  auto stuck = linnet.target();
  stuck.name += ", " + std::to_string(options.stuck) + " % do not read";
  stuck.stuck = std::max<std::size_t>(members * options.stuck / 100, 1);
  const auto per_second = static_cast<double>(options.loads.front()) / static_cast<double>(members);
  const auto seen =
      fanout.compare({stuck, linnet.target()}, 1, {members, kFloodBytes, 1, per_second, true});
  table.note("where some do not read: the others' p99 is " + fixed(seen[0].p99_over(seen[1]), 2) +
             " times that of the room in which all read, what each of them gets in a second " +
             fixed(seen[0].rate_of_each() / seen[1].rate_of_each(), 3) + " times");
}

}  // namespace

Table run_fanout(const Options& options) {
  auto table = make_table(options);
  Fanout fanout(options, table);
  fanout.pinning().start_servers();
  const FloorServer floor(options, false);
  const FloorServer gathering(options, true);
  const LinnetUnderLoad linnet(options, fanout.pinning(), 0);
  std::unique_ptr<LinnetUnderLoad> paced;
  if (options.hot > 0 && !options.elsewhere())
    paced = std::make_unique<LinnetUnderLoad>(options, fanout.pinning(), kPaceMs);
  fanout.pinning().start_generator();

  std::vector<Target> targets{linnet.target()};
  for (const auto& peer : options.peers)
    targets.push_back({peer.name, peer.pid, peer.address,
                       [&peer](std::size_t members) { return peer_dialect(peer.dialect, members); },
                       true});
  const auto base = targets.size();
  if (floor.there()) targets.push_back(floor.target());
  auto bursting = targets;
  if (gathering.there()) bursting.push_back(gathering.target());
  for (const auto members : options.members) {
    if (members + kOtherFiles > raise_file_limit()) {
      table.note(std::to_string(members) +
                 " members: more than the limit of open files (ulimit -Hn)");
      continue;
    }
    for (const auto bytes : options.bytes) {
      for (const auto burst : options.bursts) {
        for (const auto load : options.loads) {
          if (burst == 1 && load != options.loads.front()) continue;
          const auto per_second = static_cast<double>(load) / static_cast<double>(members);
          fanout.compare(burst > 1 ? bursting : targets, base, {members, bytes, burst, per_second});
        }
      }
    }
  }
  compare_rooms(options, fanout, linnet, paced.get(), table);
  table.note(
      "ratio: CPU time per delivery over the floor's (of the last rows: over the same room's"
      " that is not paced, all of whose members read), median of the rounds' ratios");
  table.note("floor, gathering: a bare epoll server that sends a burst to each member as one");
  table.note(
      "CPU time: the server's processes and, with it, ksoftirqd's; latency: from the intended"
      " time of a message");
  table.note(
      "busiest thread: of the server's CPU time for a delivery, what its busiest thread had");
  if (!options.syscalls)
    table.note("syscalls of the server for a delivery: counted with --syscalls");
  if (!floor.there()) table.note("no floor to compare with: " + floor.path() + " is not there");
  if (!fanout.pinning().on()) table.note("server and generator shared the processors");
  return table;
}

}  // namespace linnet::bench
