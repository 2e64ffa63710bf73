// Scenario durable: who keeps messages, side by side. Clients that each wait until their message is
// kept, before Linnet and before others by turns, and SQLite in a bare loop beside them.
#include "bare_store.hpp"
#include "histogram.hpp"
#include "keepers.hpp"
#include "people.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"

#include <algorithm>
#include <functional>

namespace linnet::bench {
namespace {

constexpr int kSyncs = 200;
constexpr std::size_t kReceivers = 256;
constexpr Nanos kPatience = 10 * kSecond;

// A server that keeps messages.
struct Keeper {
  std::string name;
  std::optional<pid_t> pid;
  Address address;
  std::function<std::unique_ptr<KeeperDialect>()> dialect;
};

// Clients of one server, on one thread, each with one message under way.
class Clients {
 public:
  Clients(KeeperDialect& dialect, const Address& to, std::size_t count, std::uint64_t first_number)
      : dialect_(dialect), begun_(count), number_(first_number) {
    links_.reserve(count);
    for (std::size_t place = 0; place < count; ++place) {
      links_.emplace_back(poller_, place, to);
      const auto hello = dialect_.hello(place);
      links_.back().send(hello);
      steps_.push_back(0);
      if (!hello.empty()) ++greeting_;
      if (place == 0) greet();
    }
    greet();
    for (std::size_t place = 0; place < count; ++place)
      ask(place);
  }

  // Until then; what is kept meanwhile counts.
  void run(Nanos until) {
    while (now() < until) {
      for (const auto& event : poller_.wait(until)) {
        const auto place = static_cast<std::size_t>(event.data.u64);
        auto& link = links_[place];
        link.handle(event.events);
        std::string_view rest(link.received());
        const bool kept = dialect_.kept(rest);
        link.received().erase(0, link.received().size() - rest.size());
        if (!kept) continue;
        latencies_.add(now() - begun_[place]);
        ask(place);
      }
    }
  }
  void forget() { latencies_ = Histogram(); }
  const Histogram& latencies() const { return latencies_; }
  std::uint64_t next_number() const { return number_; }

 private:
  // Until all who have said hello are ready.
  void greet() {
    const auto deadline = now() + kPatience;
    while (greeting_ > 0) {
      if (now() > deadline) throw std::runtime_error("not all clients were ready in time");
      for (const auto& event : poller_.wait(deadline)) {
        const auto place = static_cast<std::size_t>(event.data.u64);
        links_[place].handle(event.events);
        if (introduce(place)) --greeting_;
      }
    }
  }
  // Whether it has become ready.
  bool introduce(std::size_t place) {
    auto& link = links_[place];
    std::string_view rest(link.received());
    bool ready = false;
    while (!rest.empty() && !ready) {
      const auto answer = dialect_.answer(place, steps_[place], rest);
      if (!answer.whole) break;
      ++steps_[place];
      ready = answer.ready;
      if (!answer.say.empty()) link.send(answer.say);
    }
    link.received().erase(0, link.received().size() - rest.size());
    return ready;
  }
  void ask(std::size_t place) {
    begun_[place] = now();
    links_[place].send(dialect_.request(place, number_++));
  }

  KeeperDialect& dialect_;
  Poller poller_;
  std::vector<Link> links_;
  std::vector<std::size_t> steps_;  // answers to a hello so far
  std::size_t greeting_ = 0;
  std::vector<Nanos> begun_;
  Histogram latencies_;
  std::uint64_t number_;
};

// Of one server in all rounds.
struct Outcome {
  std::vector<double> per_s;
  std::vector<double> p50_ms;
  std::vector<double> p99_ms;
  std::vector<double> max_ms;
  std::vector<double> server_us;
  std::vector<double> generator_us;
  std::string failed;  // why
};

class Durable {
 public:
  Durable(const Options& options, Table& table, std::filesystem::path directory)
      : options_(options), table_(table), directory_(std::move(directory)) {}

  // By turns, the order turned over each round; the last turn is the bare loop's.
  void compare(const std::vector<Keeper>& keepers, std::size_t clients) {
    const auto turns = keepers.size() + 1;
    std::vector<Outcome> outcomes(turns);
    for (std::size_t round = 0; round < options_.rounds; ++round) {
      for (std::size_t turn = 0; turn < turns; ++turn) {
        const auto which = round % 2 == 0 ? turn : turns - 1 - turn;
        show_progress("durable: " + std::to_string(clients) + " clients, " +
                          (which < keepers.size() ? keepers[which].name : "bare SQLite"),
                      round * turns + turn, options_.rounds * turns);
        take(which < keepers.size() ? &keepers[which] : nullptr, clients, outcomes[which]);
      }
    }
    for (std::size_t i = 0; i < turns; ++i)
      add_row(i < keepers.size() ? keepers[i].name : "bare SQLite", clients, outcomes[i],
              outcomes[0]);
  }

 private:
  // What goes wrong with a server costs only its own row; with ours it is a problem.
  void take(const Keeper* keeper, std::size_t clients, Outcome& outcome) {
    if (!outcome.failed.empty()) return;
    try {
      if (keeper != nullptr) {
        measure(*keeper, clients, outcome);
      } else if (!loop(clients, outcome)) {
        outcome.failed = "linnet-store-floor is not there";
      }
    } catch (const Interrupted&) {
      throw;
    } catch (const std::exception& why) {
      outcome.failed = why.what();
    }
  }

  void measure(const Keeper& keeper, std::size_t count, Outcome& outcome) {
    const auto dialect = keeper.dialect();
    Clients clients(*dialect, keeper.address, count, number_);
    clients.run(now() + seconds(options_.warm_up));
    clients.forget();
    const auto begin = now();
    const auto own = own_cpu();
    const auto cpu = keeper.pid ? cpu_of(*keeper.pid) : 0;
    clients.run(begin + seconds(options_.seconds));
    const auto passed = static_cast<double>(now() - begin);
    const auto& latencies = clients.latencies();
    const auto kept = std::max(static_cast<double>(latencies.count()), 1.0);
    if (keeper.pid)
      outcome.server_us.push_back(static_cast<double>(cpu_of(*keeper.pid) - cpu) / kept / 1e3);
    outcome.generator_us.push_back(static_cast<double>(own_cpu() - own) / kept / 1e3);
    outcome.per_s.push_back(kept / passed * 1e9);
    outcome.p50_ms.push_back(latencies.percentile_ms(0.5));
    outcome.p99_ms.push_back(latencies.percentile_ms(0.99));
    outcome.max_ms.push_back(latencies.max_ms());
    number_ = clients.next_number();
  }

  bool loop(std::size_t batch, Outcome& outcome) {
    const auto bare = write_barely(directory_, batch, options_.seconds, options_.payload);
    if (!bare) return false;
    outcome.per_s.push_back(bare->messages_per_s);
    outcome.p50_ms.push_back(bare->p50_ms);
    outcome.p99_ms.push_back(bare->p99_ms);
    outcome.server_us.push_back(bare->cpu_us_per_message);
    return true;
  }

  void add_row(const std::string& name, std::size_t clients, const Outcome& outcome,
               const Outcome& ours) {
    if (!outcome.failed.empty()) {
      const auto words =
          name + ", " + std::to_string(clients) + " clients, left out: " + outcome.failed;
      if (&outcome == &ours) {
        table_.problem(words);
      } else {
        table_.note(words);
      }
      return;
    }
    const auto cell = [](const std::vector<double>& values) {
      return values.empty() ? kUnknown : Cell(median(values));
    };
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(outcome.per_s.size(), ours.per_s.size()); ++i)
      ratios.push_back(ours.per_s[i] / outcome.per_s[i]);
    table_.add({name, static_cast<double>(clients), cell(outcome.per_s), cell(outcome.p50_ms),
                cell(outcome.p99_ms),
                outcome.max_ms.empty()
                    ? kUnknown
                    : Cell(*std::max_element(outcome.max_ms.begin(), outcome.max_ms.end())),
                cell(outcome.server_us), cell(outcome.generator_us), cell(ratios)});
  }

  const Options& options_;
  Table& table_;
  std::filesystem::path directory_;
  std::uint64_t number_ = 0;
};

std::string in_ms(double nanos) {
  return fixed(nanos / 1e6, 3) + " ms";
}

}  // namespace

Table run_durable(const Options& options) {
  Table table("durable",
              "messages of " + std::to_string(options.payload) +
                  " bytes that are kept; each client waits until its own is, then sends the next;"
                  " medians of " +
                  std::to_string(options.rounds) + " rounds by turns",
              {{"server", "server"},
               {"clients", "clients"},
               {"kept_per_s", "kept/s"},
               {"p50_ms", "p50 ms", 2},
               {"p99_ms", "p99", 2},
               {"max_ms", "max", 1},
               {"server_cpu_us_per_message", "server CPU us/message", 1},
               {"generator_cpu_us_per_message", "generator", 1},
               {"linnet_over_it", "Linnet's rate over it", 2}});
  Server server(options);
  const auto most = *std::max_element(options.connections.begin(), options.connections.end());
  const auto users = sign_up(server.site(), most);
  std::vector<UserId> receivers;
  for (const auto& receiver : sign_up(
           Site{server.doors(), server.site().code, server.site().first_phone + most}, kReceivers))
    receivers.push_back(receiver.id);

  const auto doors = server.doors();
  std::vector<Keeper> keepers{
      {"Linnet, TCP", server.pid(), doors.tcp,
       [&] { return linnet_tcp_keeper(users, receivers, options.payload); }},
      {"Linnet, HTTP", server.pid(), doors.http,
       [&] { return linnet_http_keeper(users, receivers, options.payload); }}};
  for (const auto& peer : options.peers)
    keepers.push_back({peer.name, peer.pid, peer.address,
                       [&peer, &options] { return peer_keeper(peer.dialect, options.payload); }});

  const auto before = measure_disk(server.directory(), kSyncs);
  Durable durable(options, table, server.directory());
  for (const auto clients : options.connections)
    durable.compare(keepers, clients);
  const auto after = measure_disk(server.directory(), kSyncs);
  table.note("fdatasync of 300 bytes, alone: median " + in_ms(before.median_ns) + " before, " +
             in_ms(after.median_ns) + " after");
  table.note(
      "Linnet: SendMessage to a user who is not connected: rights, ids for retries, a seq in two"
      " inboxes; answered when it is on disk");
  table.note(
      "bare SQLite: one thread in a loop that inserts the same rows, as many in a transaction as"
      " there are clients, FULL; nobody is asked over a network; p50 and p99 of a transaction");
  table.note("p50, p99: of a round, medians of the rounds; max: of all of them");
  note_memory(table, server);
  return table;
}

}  // namespace linnet::bench
