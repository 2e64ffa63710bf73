// ./dev crash backups: makes backups of a server under full load, one after the other, and compares
// each with what had been acknowledged before it, and with what the server has at the end. Says how
// long acknowledgements took meanwhile, and in as long a time without a backup behind each.
#include "../await.hpp"
#include "crowd.hpp"
#include "histogram.hpp"
#include "support/server_process.hpp"

#include "linnet/base/clock.hpp"
#include "linnet/base/temp_dir.hpp"
#include "linnet/store/sqlite.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

using namespace linnet;
using namespace linnet::test;
using std::chrono::milliseconds;

namespace {

struct Options {
  int runs = 100;
  std::uint64_t seed = 1;
};

// While so many are made somebody is acknowledged.
constexpr int kEnough = 5;

// Of one server, which grows slower to read by all that it was sent.
constexpr int kOfOne = 20;

// What a log begins with, without keeping all of it.
struct Beginning {
  std::size_t entries = 0;
  std::size_t hash = 0;
  void add(const std::string& text) {
    ++entries;
    hash = hash * 1099511628211ULL + std::hash<std::string>{}(text);
  }
};
using Beginnings = std::map<LogId, Beginning>;

// How long messages took to be acknowledged while backups were made, and while none was; what lies
// between those times is neither. Thread: any.
class AckTimes {
 public:
  using Time = std::chrono::steady_clock::time_point;

  enum class Span { kBackup, kQuiet };
  void begin(Span span) {
    const std::lock_guard lock(mutex_);
    span_ = span;
    began_ = now();
    ended_.reset();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = now();
  }
  // What a backup has held up counts as its, also when it is acknowledged behind it.
  void add(Time made) {
    const std::lock_guard lock(mutex_);
    const auto took = (now() - made).count();
    if (span_ == Span::kBackup && (!ended_ || made < *ended_)) during_.add(took);
    if (span_ == Span::kQuiet && !ended_ && made >= began_) quiet_.add(took);
  }
  // While backups were made.
  std::uint64_t acknowledged() const {
    const std::lock_guard lock(mutex_);
    return during_.count();
  }
  void print() const {
    const std::lock_guard lock(mutex_);
    std::printf(
        "acknowledged after p50 %.2f ms, p99 %.2f ms during backups (%llu), %.2f and %.2f between"
        " (%llu): p99 %.2f times\n",
        during_.percentile_ms(0.5), during_.percentile_ms(0.99),
        static_cast<unsigned long long>(during_.count()), quiet_.percentile_ms(0.5),
        quiet_.percentile_ms(0.99), static_cast<unsigned long long>(quiet_.count()),
        during_.percentile_ms(0.99) / std::max(quiet_.percentile_ms(0.99), 1e-6));
  }

 private:
  static Time now() { return std::chrono::steady_clock::now(); }
  mutable std::mutex mutex_;
  Span span_ = Span::kQuiet;
  Time began_;
  std::optional<Time> ended_ = Time();
  bench::Histogram during_;
  bench::Histogram quiet_;
};

class Backups {
 public:
  Backups(const Options& options, AckTimes& times)
      : options_(options),
        times_(times),
        random_(options.seed),
        world_(make_world(dir_.path() / "world")),
        crowd_(world_, history_, options.seed, 1,
               {.acknowledged = [&times](AckTimes::Time made) { times.add(made); }}) {}

  int run() {
    ServerProcess server(world_.data, server_arguments());
    const Ports ports{server.tcp_port(), server.http_port()};
    crowd_.start(ports);
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < options_.runs && faults_.size() < 20; ++i) {
      const auto target = history_.messages_told() + random_() % 500;
      while (history_.messages_told() < target)
        std::this_thread::sleep_for(milliseconds(2));
      back_up(i);
    }
    const auto took = std::chrono::steady_clock::now() - began;
    crowd_.tell_to_stop();
    server.kill();
    crowd_.stop();
    // Writers go on: nobody was refused meanwhile, or answered out of order.
    const auto problems = crowd_.problems();
    faults_.insert(faults_.end(), problems.begin(), problems.end());
    compare_with_the_end();
    for (const auto& fault : faults_)
      std::printf("%s\n", fault.c_str());
    std::printf(
        "seed %llu: %zu backups while %zu messages were acknowledged in %lld s, the longest took"
        " %lld ms, %zu faults\n",
        static_cast<unsigned long long>(options_.seed), made_.size(), history_.messages_told(),
        static_cast<long long>(std::chrono::duration_cast<std::chrono::seconds>(took).count()),
        static_cast<long long>(longest_.count()), faults_.size());
    return faults_.empty() ? 0 : 1;
  }

 private:
  void fault(int number, const std::string& sentence) {
    faults_.push_back("backup " + std::to_string(number) + ": " + sentence);
  }

  void back_up(int number) {
    const TempDir here;
    const auto copy = here.path() / "copy";
    const auto before = history_.highest_told();
    const auto began = std::chrono::steady_clock::now();
    times_.begin(AckTimes::Span::kBackup);
    const auto made =
        run_program(LINNET_BINARY, {"backup", copy.string(), "--data-dir", world_.data.string()},
                    {}, {}, std::chrono::seconds(120));
    times_.end();
    const auto took = std::chrono::steady_clock::now() - began;
    longest_ = std::max(longest_, std::chrono::duration_cast<milliseconds>(took));
    look_at(number, copy, made, before);
    times_.begin(AckTimes::Span::kQuiet);
    std::this_thread::sleep_for(took);
    times_.end();
  }

  void look_at(int number, const std::filesystem::path& copy, const Outcome& made,
               const std::map<LogId, std::int64_t>& before) {
    if (made.status != 0) return fault(number, made.out + made.err);
    const auto check = run_program(LINNET_BINARY, {"check", "--data-dir", copy.string()}, {}, {},
                                   std::chrono::seconds(120));
    if (check.status != 0) fault(number, check.out + check.err);
    made_.push_back(read(number, copy));
    for (const auto& [log, seq] : before) {
      const auto found = made_.back().find(log);
      const auto entries = found == made_.back().end() ? 0 : found->second.entries;
      if (entries < static_cast<std::size_t>(seq))
        fault(number, "log " + std::to_string(log) + " ends at " + std::to_string(entries) + ", " +
                          std::to_string(seq) + " was acknowledged before");
    }
  }

  // Every inbox, and every group's.
  std::vector<LogId> logs() const {
    std::vector<LogId> all;
    for (std::size_t who = 0; who < kUsers; ++who)
      all.push_back(inbox_log(who));
    for (std::size_t group = 0; group < world_.groups.size(); ++group)
      all.push_back(group_log(group));
    return all;
  }

  Result<store::InboxPage> read_page(store::Store& store, LogId log, std::size_t after) const {
    const Seq seq(static_cast<std::int64_t>(after));
    return await<store::InboxPage>([&](Done<store::InboxPage> done) {
      if (log < group_log(0)) {
        store.read_inbox(world_.readers[static_cast<std::size_t>(log - inbox_log(0))].id, seq, {},
                         std::move(done));
        return;
      }
      // Its first member may read all of it.
      const auto& group = world_.groups[static_cast<std::size_t>(log - group_log(0))];
      store.read_group(GroupId(group.id), world_.readers[group.members.front()].id, seq, {},
                       std::move(done));
    });
  }

  Beginnings read(int number, const std::filesystem::path& copy) {
    Beginnings found;
    SystemClock clock;
    store::SqliteOptions options;
    options.directory = copy;
    auto opened = store::open_sqlite(options, clock, silent());
    if (!opened) {
      fault(number, "does not open: " + opened.error().message());
      return found;
    }
    for (const auto log : logs()) {
      auto& beginning = found[log];
      for (;;) {
        auto page = read_page(**opened, log, beginning.entries);
        if (!page) fault(number, page.error().detail());
        if (!page || page->entries.empty()) break;
        for (const auto& entry : page->entries)
          beginning.add(entry.message.content);
      }
    }
    (*opened)->close();
    return found;
  }

  void compare_with_the_end() {
    const auto end = world_.data;
    {
      ServerProcess server(end, server_arguments());
      const auto look =
          look_around(world_, history_, crowd_.senders(), {server.tcp_port(), server.http_port()});
      faults_.insert(faults_.end(), look.faults.begin(), look.faults.end());
      if (const int status = server.stop(); status != 0)
        fault(-1, "the server that was looked at ended with status " + std::to_string(status));
    }
    const auto faults = history_.faults();
    faults_.insert(faults_.end(), faults.begin(), faults.end());
    SystemClock clock;
    store::SqliteOptions options;
    options.directory = end;
    auto opened = store::open_sqlite(options, clock, silent());
    if (!opened) return fault(-1, "does not open: " + opened.error().message());
    for (const auto log : logs())
      compare(**opened, log);
    (*opened)->close();
  }

  // Each backup has what the log begins with.
  void compare(store::Store& store, LogId log) {
    Beginning whole;
    std::map<std::size_t, std::size_t> hashes{{0, 0}};  // by the number of entries
    for (;;) {
      auto page = read_page(store, log, whole.entries);
      if (!page) return fault(-1, page.error().detail());
      if (page->entries.empty()) break;
      for (const auto& entry : page->entries) {
        whole.add(entry.message.content);
        hashes[whole.entries] = whole.hash;
      }
    }
    for (std::size_t i = 0; i < made_.size(); ++i) {
      const auto found = made_[i].find(log);
      if (found == made_[i].end()) continue;
      const auto same = hashes.find(found->second.entries);
      if (same == hashes.end() || same->second != found->second.hash)
        fault(static_cast<int>(i), "log " + std::to_string(log) + " is another one");
    }
  }

  Options options_;
  AckTimes& times_;
  std::mt19937_64 random_;
  TempDir dir_;
  World world_;
  History history_;
  Crowd crowd_;
  std::vector<Beginnings> made_;
  milliseconds longest_{0};
  std::vector<std::string> faults_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Makes backups of a server under load, and looks whether each is whole.",
               "./dev crash backups"};
  app.add_option("--runs", options.runs, "How many backups.")->capture_default_str();
  app.add_option("--seed", options.seed, "Of the load; each server, of 20 backups, has the next.")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    int status = 0;
    AckTimes times;
    const bool enough = options.runs >= kEnough;
    for (int left = options.runs; left > 0; left -= kOfOne, ++options.seed) {
      options.runs = std::min(left, kOfOne);
      status = std::max(status, Backups(options, times).run());
    }
    times.print();
    if (enough && times.acknowledged() == 0) {
      std::puts("nobody was acknowledged while a backup was made");
      status = 1;
    }
    return status;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "backups: %s\n", error.what());
    return 2;
  }
}
