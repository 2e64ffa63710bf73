// ./dev sim: the server's rules against a model of them, seed by seed.
#include "trial.hpp"

#include <CLI/CLI.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
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
  const MutantRow* mutant = nullptr;
};

struct Sums {
  std::uint64_t runs = 0;
  std::uint64_t on_sqlite = 0;
  std::uint64_t faulty = 0;
  std::uint64_t of_mutant = 0;  // of these: by the sentence that it must cause
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
    for (auto i = next_++; i < options_.runs && !found_; i = next_++) {
      TrialOptions one;
      one.seed = options_.seed + i;
      one.steps = options_.steps;
      one.told = options_.told;
      // By the seed, so that a run alone is the same run.
      if (options_.sqlite_every > 0 && one.seed % options_.sqlite_every == 0)
        one.engine = Engine::kSqlite;
      if (options_.mutant != nullptr) one.mutant = options_.mutant->mutant;
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
    if (options_.mutant != nullptr && is_of(*options_.mutant, result.fault)) {
      ++sums_.of_mutant;
      found_ = true;
    }
    if (sums_.faulty > 10 && !found_) return;
    std::printf(
        "seed %llu FAULTY: %s\n  again: ./dev sim --runs 1 --seed %llu --steps %d"
        " --sqlite-every %u --tell%s%s\n",
        static_cast<unsigned long long>(one.seed), result.fault.c_str(),
        static_cast<unsigned long long>(one.seed), one.steps, options_.sqlite_every,
        options_.mutant == nullptr ? "" : " --mutant ",
        options_.mutant == nullptr ? "" : options_.mutant->name.data());
    std::fflush(stdout);
  }

  Options options_;
  std::atomic<std::uint64_t> next_ = 0;
  std::atomic<bool> found_ = false;
  std::mutex mutex_;
  Sums sums_;
};

unsigned long long number(std::uint64_t value) {
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  // Nothing here is to survive the machine, and a disk would be what most of the time is spent on.
  if (std::filesystem::is_directory("/dev/shm")) setenv("TMPDIR", "/dev/shm", 0);
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
  std::vector<std::string> names;
  for (const auto& row : mutants())
    names.emplace_back(row.name);
  std::string name;
  app.add_option("--mutant", name, "A mistake that is made on purpose, and must be found.")
      ->check(CLI::IsMember(names));
  CLI11_PARSE(app, argc, argv);
  for (const auto& row : mutants())
    if (row.name == name) options.mutant = &row;

  const auto sums = Runs(options).run();
  std::printf(
      "%llu seeds (%llu on SQLite), %llu calls of which %llu were granted and %llu refused"
      " by the store, %llu restarts, %llu messages in inboxes, %llu received, %llu seeds with "
      "faults\n",
      number(sums.runs), number(sums.on_sqlite), number(sums.of_all.calls),
      number(sums.of_all.granted), number(sums.of_all.refusals_of_store),
      number(sums.of_all.restarts), number(sums.of_all.messages), number(sums.of_all.received),
      number(sums.faulty));
  if (options.mutant == nullptr) return sums.faulty == 0 ? 0 : 1;
  std::printf("mutant %s: %s\n", name.c_str(),
              sums.of_mutant > 0 ? "found, as it must be" : "NOT FOUND by what it must cause");
  return sums.of_mutant > 0 ? 0 : 1;
}
