// ./dev crash power: takes the power from under a store again and again, and looks for what it
// lost.
#include "power_trial.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

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

// Of so many runs, some have brought everything that they are about.
constexpr std::uint64_t kEnoughRuns = 50;

// Only some disks have room again.
constexpr std::uint64_t kEnoughForRoom = 200;

struct Operation {
  int stores = 0;  // in which it was to fail
  int came = 0;    // and did
};

struct Sums {
  std::uint64_t runs = 0;
  std::uint64_t cuts = 0;
  std::uint64_t failures = 0;
  std::uint64_t told = 0;
  std::uint64_t recovered = 0;
  std::uint64_t told_to_groups = 0;
  std::uint64_t told_after_refusal = 0;
  std::uint64_t answered = 0;
  std::uint64_t marks_behind = 0;
  std::uint64_t cut_in_the_middle = 0;
  std::uint64_t faulty = 0;
  std::uint64_t losing = 0;  // runs with nothing but what a store does that loses
  std::map<std::string, int> places;
  std::map<std::string, Operation> operations;
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
    }
  }

  void take(std::uint64_t seed, const PowerResult& result) {
    std::lock_guard lock(mutex_);
    ++sums_.runs;
    sums_.cuts += static_cast<std::uint64_t>(result.cuts);
    sums_.failures += static_cast<std::uint64_t>(result.failures);
    sums_.told += result.told;
    sums_.recovered += result.recovered;
    sums_.told_to_groups += result.told_to_groups;
    sums_.answered += result.answered;
    sums_.told_after_refusal += result.told_after_refusal;
    sums_.marks_behind += static_cast<std::uint64_t>(result.marks_behind);
    if (result.cut_in_the_middle) ++sums_.cut_in_the_middle;
    if (!result.operation.empty()) {
      auto& operation = sums_.operations[result.operation];
      ++operation.stores;
      if (result.failures > 0) ++operation.came;
    }
    auto place = result.place.substr(0, result.place.find(','));
    if (options_.each_fault > 0 && result.failures == 0) place += " that did not come";
    ++sums_.places[place];
    if (result.faults.empty()) return;
    if (options_.expect_loss && lost(result)) {
      ++sums_.losing;
      return;
    }
    ++sums_.faulty;
    std::printf("seed %llu: the power went %s, %zu acknowledged: FAULTY\n",
                static_cast<unsigned long long>(seed), result.place.c_str(), result.told);
    int told = 0;
    for (const auto& fault : result.faults)
      if (!(options_.expect_loss && is_loss(fault)) && told++ < 10)
        std::printf("  %s\n", fault.c_str());
    const auto each = " --each-fault " + std::to_string(options_.each_fault);
    std::printf("  %zu faults; again: ./dev crash power --runs 1 --seed %llu%s%s\n",
                result.faults.size(), static_cast<unsigned long long>(seed),
                options_.normal ? " --normal" : "",
                options_.each_fault > 0 ? each.c_str()
                : options_.faults       ? " --faults"
                                        : "");
    std::fflush(stdout);
  }

  // Something, and nothing else is wrong.
  static bool lost(const PowerResult& result) {
    const auto& faults = result.faults;
    return std::all_of(faults.begin(), faults.end(), is_loss) &&
           std::any_of(faults.begin(), faults.end(), [](const std::string& fault) {
             return fault.find("is lost, though acknowledged") != std::string::npos;
           });
  }

  Options options_;
  std::atomic<std::uint64_t> next_ = 0;
  std::mutex mutex_;
  Sums sums_;
};

// What should have come to pass, and did not.
std::vector<std::string> missing(const Options& options, const Sums& sums) {
  std::vector<std::string> all;
  if (options.expect_loss && sums.losing == 0) all.emplace_back("nothing was lost");
  if (sums.runs < kEnoughRuns) return all;
  if (sums.told == 0) all.emplace_back("nothing was acknowledged");
  if (sums.answered == 0) all.emplace_back("no other call was answered");
  if (sums.told_to_groups == 0) all.emplace_back("nothing was said in a group");
  // A store that may lose its last moments keeps no mark.
  if (!options.normal && sums.marks_behind == 0) all.emplace_back("no mark was behind");
  if (sums.operations.empty()) {
    if (sums.cut_in_the_middle == 0) all.emplace_back("the power went in the middle of nothing");
    return all;
  }
  if (sums.runs >= kEnoughForRoom && sums.told_after_refusal == 0)
    all.emplace_back("nobody who was refused went on");
  for (const char* name : {"write", "sync", "truncation", "read"}) {
    const auto found = sums.operations.find(name);
    const auto count = found == sums.operations.end() ? Operation() : found->second;
    if (count.came == 0) all.push_back(std::string("no ") + name + " failed");
    // Of reads there are only as many as the cache needs.
    if (options.each_fault > 0 && std::string(name) != "read" && count.came < count.stores)
      all.push_back(std::string("a ") + name + " that was to fail did not come");
  }
  return all;
}

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
  app.add_flag("--expect-loss", options.expect_loss,
               "Good is when some lose something, and nothing else is wrong.");
  CLI11_PARSE(app, argc, argv);
  if (options.each_fault > 0 && runs->count() == 0)
    options.runs = static_cast<std::uint64_t>(options.each_fault) * PowerOptions::kTurns;

  const auto sums = Runs(options).run();
  std::printf(
      "%llu stores, %llu power losses, %llu failed operations, %llu messages acknowledged (%llu to"
      " groups, %llu after a refusal), %llu other calls answered, %llu recovered beside them, %llu "
      "marks behind, %llu runs "
      "with"
      " faults\n",
      static_cast<unsigned long long>(sums.runs), static_cast<unsigned long long>(sums.cuts),
      static_cast<unsigned long long>(sums.failures), static_cast<unsigned long long>(sums.told),
      static_cast<unsigned long long>(sums.told_to_groups),
      static_cast<unsigned long long>(sums.told_after_refusal),
      static_cast<unsigned long long>(sums.answered),
      static_cast<unsigned long long>(sums.recovered),
      static_cast<unsigned long long>(sums.marks_behind),
      static_cast<unsigned long long>(sums.faulty));
  if (options.expect_loss)
    std::printf("  %6llu: lost something, as they should\n",
                static_cast<unsigned long long>(sums.losing));
  for (const auto& [place, count] : sums.places)
    std::printf("  %6d: the power went %s\n", count, place.c_str());
  const auto gaps = missing(options, sums);
  for (const auto& gap : gaps)
    std::printf("FAULTY: %s\n", gap.c_str());
  return sums.faulty == 0 && gaps.empty() ? 0 : 1;
}
