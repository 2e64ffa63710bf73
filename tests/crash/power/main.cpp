// ./dev crash power: takes the power from under a store again and again, and looks for what it
// lost.
#include "power_trial.hpp"

#include <CLI/CLI.hpp>

#include <atomic>
#include <cstdio>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

using namespace linnet::test;

namespace {

struct Options {
  std::uint64_t runs = 500;
  std::uint64_t seed = 1;
  unsigned jobs = 2;
  bool normal = false;
  bool faults = false;
  int each_fault = 0;
  bool expect_loss = false;
};

struct Sums {
  std::uint64_t runs = 0;
  std::uint64_t cuts = 0;
  std::uint64_t failures = 0;
  std::uint64_t told = 0;
  std::uint64_t recovered = 0;
  std::uint64_t faulty = 0;
  std::map<std::string, int> places;
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
      PowerOptions one;
      one.seed = options_.seed + i;
      one.normal = options_.normal;
      one.faults = options_.faults || options_.each_fault > 0;
      one.first_places = options_.each_fault;
      PowerResult result;
      try {
        result = run_power_trial(one);
      } catch (const std::exception& error) {
        result.faults.emplace_back(error.what());
      }
      take(one.seed, result);
      // A mutant that was found out has no more to tell.
      if (options_.expect_loss && !result.faults.empty()) next_ = options_.runs;
    }
  }

  void take(std::uint64_t seed, const PowerResult& result) {
    std::lock_guard lock(mutex_);
    ++sums_.runs;
    sums_.cuts += static_cast<std::uint64_t>(result.cuts);
    sums_.failures += static_cast<std::uint64_t>(result.failures);
    sums_.told += result.told;
    sums_.recovered += result.recovered;
    auto place = result.place.substr(0, result.place.find(','));
    if (options_.each_fault > 0 && result.failures == 0) place += " that did not come";
    ++sums_.places[place];
    if (result.faults.empty()) return;
    ++sums_.faulty;
    std::printf("seed %llu: the power went %s, %zu acknowledged: FAULTY\n",
                static_cast<unsigned long long>(seed), result.place.c_str(), result.told);
    for (std::size_t i = 0; i < result.faults.size() && i < 10; ++i)
      std::printf("  %s\n", result.faults[i].c_str());
    const auto each = " --each-fault " + std::to_string(options_.each_fault);
    std::printf("  %zu faults; again: ./dev crash power --runs 1 --seed %llu%s%s\n",
                result.faults.size(), static_cast<unsigned long long>(seed),
                options_.normal ? " --normal" : "",
                options_.each_fault > 0 ? each.c_str()
                : options_.faults       ? " --faults"
                                        : "");
    std::fflush(stdout);
  }

  Options options_;
  std::atomic<std::uint64_t> next_ = 0;
  std::mutex mutex_;
  Sums sums_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Takes the power from under a store, and looks for what it lost, doubled or turned.",
               "./dev crash power"};
  auto* runs = app.add_option("--runs", options.runs, "How many stores.")->capture_default_str();
  app.add_option("--seed", options.seed, "Of the first run; each next one has the next.")
      ->capture_default_str();
  app.add_option("--jobs", options.jobs, "How many at once.")->capture_default_str();
  app.add_flag("--normal", options.normal, "With store.synchronous=normal, which loses.");
  app.add_flag("--faults", options.faults, "An operation of the disk fails before.");
  app.add_option("--each-fault", options.each_fault,
                 "The first N writes, syncs, truncations and reads fail in turn, once and for good:"
                 " 8 N stores, unless --runs says less.")
      ->check(CLI::Range(1, 1000000));
  app.add_flag("--expect-loss", options.expect_loss, "Good is when something is lost.");
  CLI11_PARSE(app, argc, argv);
  if (options.each_fault > 0 && runs->count() == 0)
    options.runs = static_cast<std::uint64_t>(options.each_fault) * PowerOptions::kTurns;

  const auto sums = Runs(options).run();
  std::printf(
      "%llu stores, %llu power losses, %llu failed operations, %llu messages acknowledged,"
      " %llu recovered beside them, %llu runs with faults\n",
      static_cast<unsigned long long>(sums.runs), static_cast<unsigned long long>(sums.cuts),
      static_cast<unsigned long long>(sums.failures), static_cast<unsigned long long>(sums.told),
      static_cast<unsigned long long>(sums.recovered),
      static_cast<unsigned long long>(sums.faulty));
  for (const auto& [place, count] : sums.places)
    std::printf("  %6d: the power went %s\n", count, place.c_str());
  return (sums.faulty > 0) == options.expect_loss ? 0 : 1;
}
