// Scenario shards: what a second I/O thread adds. A room that hears the next message as soon as it
// has heard the last, by turns on servers with different numbers of I/O threads, and how much more
// they do when what the generator takes of the processors is taken out.
#include "crowd.hpp"
#include "people.hpp"
#include "processors.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <thread>

namespace linnet::bench {
namespace {

constexpr std::size_t kWatched = 16;
constexpr Nanos kSweep = 100 * kMilli;

// Of one server in one round.
struct Sample {
  double per_s = 0;       // done
  double per_s_left = 0;  // the same, had the server's threads had a processor each
  double server_us = 0;   // of CPU time for one
  double generator_us = 0;
  double busiest = 0;  // thread's share of the server's CPU time
  double busy = 0;     // share of the processors left to it that the server used
};

// What was used since construction.
class Watch {
 public:
  Watch(const Server& server, std::size_t threads)
      : server_(server),
        threads_(static_cast<double>(threads)),
        begin_(now()),
        own_(own_cpu()),
        cpu_(server.cpu().value_or(0) + soft_irq_cpu(false)),
        each_(threads_cpu(server.pid().value_or(0))) {}

  Sample sample(double done) const {
    const auto passed = static_cast<double>(now() - begin_);
    const auto own = static_cast<double>(own_cpu() - own_);
    const auto used = static_cast<double>(server_.cpu().value_or(0) + soft_irq_cpu(false) - cpu_);
    Nanos busiest = 0;
    Nanos all = 1;
    for (const auto& [thread, time] : threads_cpu(server_.pid().value_or(0))) {
      const auto before = each_.find(thread);
      if (before == each_.end()) continue;
      busiest = std::max(busiest, time - before->second);
      all += time - before->second;
    }
    const auto processors = static_cast<double>(std::thread::hardware_concurrency());
    const auto left = std::min(threads_, processors - own / passed);
    Sample sample;
    sample.per_s = done / passed * 1e9;
    sample.per_s_left = sample.per_s / left * threads_;
    sample.server_us = used / done / 1e3;
    sample.generator_us = own / done / 1e3;
    sample.busiest = static_cast<double>(busiest) / static_cast<double>(all);
    sample.busy = used / passed / left;
    return sample;
  }

 private:
  const Server& server_;
  double threads_;
  Nanos begin_;
  Nanos own_;
  Nanos cpu_;
  std::map<pid_t, Nanos> each_;
};

// A server with so many I/O threads, and its users.
struct Sharded {
  Sharded(const Options& options, std::size_t count, std::size_t users_count)
      : threads(count),
        server(options, {"server.io_threads=" + std::to_string(count), "rooms.state_ms=1000000"}),
        users(sign_up(server.site(), users_count)) {}
  std::size_t threads;
  Server server;
  std::vector<Account> users;
};

using Work = std::function<Sample(const Sharded&)>;

class Shards {
 public:
  Shards(const Options& options, Table& table) : options_(options), table_(table) {
    const auto users = options.members.back() + 1;
    for (const auto threads : options.io_threads) {
      show_progress("shards: users are made");
      servers_.push_back(std::make_unique<Sharded>(options, threads, users));
    }
  }

  // By turns, the order turned over each round.
  void compare(const std::string& name, const Work& work) {
    const auto count = servers_.size();
    std::vector<std::vector<Sample>> samples(count);
    for (std::size_t round = 0; round < options_.rounds; ++round) {
      for (std::size_t turn = 0; turn < count; ++turn) {
        const auto which = round % 2 == 0 ? turn : count - 1 - turn;
        show_progress("shards: " + name, round * count + turn, options_.rounds * count);
        samples[which].push_back(work(*servers_[which]));
      }
    }
    for (std::size_t i = 0; i < count; ++i)
      add_row(name, servers_[i]->threads, samples[i], samples[0]);
  }

  // A room that hears the next burst as soon as its watched members have heard the last one.
  Sample room(const Sharded& at, std::size_t burst) {
    const auto dialect = linnet_dialect(Door::kWebSocket, at.users);
    CrowdOptions wanted;
    wanted.members = options_.members.back();
    wanted.payload = options_.bytes.front();
    wanted.watched = kWatched;
    wanted.sweep = options_.sweep_ms > 0 ? static_cast<Nanos>(options_.sweep_ms) * kMilli : kSweep;
    Crowd crowd(*dialect, at.server.doors().http, wanted);
    run_room(crowd, burst, now() + seconds(options_.warm_up));
    const auto published = crowd.published();
    const Watch watch(at.server, at.threads);
    run_room(crowd, burst, now() + seconds(options_.seconds));
    const auto sample = watch.sample(static_cast<double>(crowd.published() - published) *
                                     static_cast<double>(crowd.hearers()));
    crowd.settle_all();
    for (const auto& problem : crowd.problems())
      table_.problem(problem);
    return sample;
  }

 private:
  static void run_room(Crowd& crowd, std::size_t burst, Nanos until) {
    while (now() < until) {
      crowd.publish(burst, now());
      if (!crowd.settle()) throw std::runtime_error("the watched members do not hear what is said");
    }
  }

  void add_row(const std::string& name, std::size_t threads, const std::vector<Sample>& samples,
               const std::vector<Sample>& base) {
    const auto median_of = [&](double Sample::*figure) {
      std::vector<double> values;
      values.reserve(samples.size());
      for (const auto& sample : samples)
        values.push_back(sample.*figure);
      return median(values);
    };
    const auto ratio_of = [&](double Sample::*figure) {
      std::vector<double> values;
      values.reserve(samples.size());
      for (std::size_t i = 0; i < samples.size(); ++i)
        values.push_back(samples[i].*figure / base[i].*figure);
      return median(values);
    };
    table_.add(
        {name, static_cast<double>(threads), median_of(&Sample::per_s), ratio_of(&Sample::per_s),
         ratio_of(&Sample::per_s_left), median_of(&Sample::server_us), ratio_of(&Sample::server_us),
         median_of(&Sample::busiest), median_of(&Sample::busy), median_of(&Sample::generator_us)});
  }

  const Options& options_;
  Table& table_;
  std::vector<std::unique_ptr<Sharded>> servers_;
};

}  // namespace

Table run_shards(const Options& options) {
  Table table("shards",
              "as much as it takes with several numbers of I/O threads; a room of " +
                  std::to_string(options.members.back()) +
                  " that hears the next message when it "
                  "has heard the last; medians of " +
                  std::to_string(options.rounds) + " rounds by turns",
              {{"work", "work"},
               {"io_threads", "I/O threads"},
               {"done_per_s", "deliveries or answers/s"},
               {"ratio", "times", 2},
               {"ratio_without_generator", "without the generator", 2},
               {"server_cpu_us", "server CPU us", 3},
               {"server_cpu_ratio", "times", 2},
               {"busiest_thread_share", "busiest thread", 2},
               {"busy_share", "busy", 2},
               {"generator_cpu_us", "generator CPU us", 3}});
  Shards shards(options, table);
  for (const auto burst : options.bursts)
    shards.compare("room, " + std::to_string(burst) + " at once",
                   [&](const Sharded& at) { return shards.room(at, burst); });
  table.note("times: of what the first row of the same work says, median of the rounds' ratios");
  table.note(
      "without the generator: the same, had each I/O thread had a processor; the generator, which"
      " needs one too, leaves fewer: what it used is taken off them, what stood idle is not");
  table.note(
      "busiest thread: its share of the server's CPU time; busy: what the server used of the"
      " processors that the generator left to its threads");
  return table;
}

}  // namespace linnet::bench
