// ./dev sim: the server's rules against a model of them, seed by seed.
#include "trial.hpp"

#include <CLI/CLI.hpp>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace linnet::sim;

namespace {

struct Options {
  std::uint64_t runs = 2000;
  std::uint64_t seed = 1;
  int steps = 60;
  unsigned jobs = 2;
  unsigned sqlite_every = 20;
  bool told = false;
  bool expect_fault = false;
};

struct Sums {
  std::uint64_t runs = 0;
  std::uint64_t on_sqlite = 0;
  std::uint64_t faulty = 0;
  TrialResult of_all;
};

class Runs {
 public:
  explicit Runs(const Options& options) : options_(options) {}

  const Sums& run() {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options_.jobs; ++i)
      threads.emplace_back([this] { work(); });
    for (auto& thread : threads)
      thread.join();
    return sums_;
  }

 private:
  void work() {
    for (auto i = next_++; i < options_.runs; i = next_++) {
      TrialOptions one;
      one.seed = options_.seed + i;
      one.steps = options_.steps;
      one.told = options_.told;
      // By the seed, so that a run alone is the same run.
      if (options_.sqlite_every > 0 && one.seed % options_.sqlite_every == 0)
        one.engine = Engine::kSqlite;
      take(one, run_trial(one));
    }
  }

  void take(const TrialOptions& one, const TrialResult& result) {
    std::lock_guard lock(mutex_);
    ++sums_.runs;
    if (one.engine == Engine::kSqlite) ++sums_.on_sqlite;
    sums_.of_all.calls += result.calls;
    sums_.of_all.granted += result.granted;
    sums_.of_all.refusals_of_store += result.refusals_of_store;
    sums_.of_all.restarts += result.restarts;
    sums_.of_all.messages += result.messages;
    sums_.of_all.received += result.received;
    for (const auto& line : result.story)
      std::printf("%s\n", line.c_str());
    if (result.fault.empty()) return;
    ++sums_.faulty;
    if (sums_.faulty > 10) return;
    std::printf(
        "seed %llu FAULTY: %s\n  again: ./dev sim --runs 1 --seed %llu --steps %d"
        " --sqlite-every %u --tell\n",
        static_cast<unsigned long long>(one.seed), result.fault.c_str(),
        static_cast<unsigned long long>(one.seed), one.steps, options_.sqlite_every);
    std::fflush(stdout);
  }

  Options options_;
  std::atomic<std::uint64_t> next_ = 0;
  std::mutex mutex_;
  Sums sums_;
};

unsigned long long number(std::uint64_t value) {
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Random calls of three users on six devices, with faults, on the server's rules and"
      " on a model of them.",
      "./dev sim"};
  app.add_option("--runs", options.runs, "How many seeds.")->capture_default_str();
  app.add_option("--seed", options.seed, "The first; each next run has the next.")
      ->capture_default_str();
  app.add_option("--steps", options.steps, "Calls of each run.")->capture_default_str();
  app.add_option("--jobs", options.jobs, "How many at once.")->capture_default_str();
  app.add_option("--sqlite-every", options.sqlite_every,
                 "Seeds that this divides run on SQLite, the rest in memory; 0: none, 1: all.")
      ->capture_default_str();
  app.add_flag("--tell", options.told, "Says what happens.");
  app.add_flag("--expect-fault", options.expect_fault, "Good is when something is found.");
  CLI11_PARSE(app, argc, argv);

  const auto sums = Runs(options).run();
  std::printf(
      "%llu seeds (%llu on SQLite), %llu calls of which %llu were granted and %llu refused"
      " by the store, %llu restarts, %llu messages in inboxes, %llu received, %llu seeds with "
      "faults\n",
      number(sums.runs), number(sums.on_sqlite), number(sums.of_all.calls),
      number(sums.of_all.granted), number(sums.of_all.refusals_of_store),
      number(sums.of_all.restarts), number(sums.of_all.messages), number(sums.of_all.received),
      number(sums.faulty));
  return (sums.faulty > 0) == options.expect_fault ? 0 : 1;
}
