// ./dev crash: kills a server under load again and again, and looks for what it lost.
#include "trial.hpp"

#include "linnet/base/temp_dir.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <utility>

using namespace linnet;
using namespace linnet::test;

namespace {

struct Options {
  std::uint64_t runs = 20;
  std::uint64_t seed = 1;
  std::string mutant;
  bool memory = false;
  std::size_t deaf = kUsers;
  bool quiet = false;
};

struct Sums {
  std::size_t told = 0;
  std::size_t recovered = 0;
  std::size_t pushed = 0;
  std::size_t heard_live = 0;
  std::uint64_t failed = 0;
  long resident_kb = 0;
  std::chrono::milliseconds load{0};
  std::chrono::milliseconds slowest{0};
  std::map<std::string, std::pair<int, int>> planned;  // by place: how often, and reached
  std::map<std::string, int> places;
};

constexpr int kEnoughRuns = 4;              // with one place, to judge whether it is reached at all
constexpr std::uint64_t kEnoughToHear = 8;  // some are over before anybody has said anything

void add(Sums& sums, const TrialResult& result) {
  sums.told += result.told;
  sums.recovered += result.recovered;
  sums.pushed += result.pushed;
  sums.heard_live += result.heard_live;
  sums.load += result.load;
  sums.resident_kb = std::max(sums.resident_kb, result.resident_kb);
  sums.slowest = std::max(sums.slowest, result.restart);
  ++sums.places[result.place];
  if (!result.planned.empty()) {
    auto& [planned, reached] = sums.planned[result.planned];
    ++planned;
    if (result.reached) ++reached;
  }
  if (!result.faults.empty()) ++sums.failed;
}

std::string with_memory(const Options& options) {
  return " --memory --deaf " + std::to_string(options.deaf);
}

void tell(const Options& options, std::uint64_t seed, const TrialResult& result) {
  if (!options.quiet || !result.faults.empty())
    std::printf(
        "seed %llu: killed %s after %lld ms, %zu acknowledged, %zu recovered, serves again"
        " after %lld ms: %s\n",
        static_cast<unsigned long long>(seed), result.place.c_str(),
        static_cast<long long>(result.load.count()), result.told, result.recovered,
        static_cast<long long>(result.restart.count()), result.faults.empty() ? "good" : "FAULTY");
  for (std::size_t i = 0; i < result.faults.size() && i < 10; ++i)
    std::printf("  %s\n", result.faults[i].c_str());
  if (!result.faults.empty())
    std::printf("  %zu faults; again: ./dev crash --runs 1 --seed %llu%s%s%s\n",
                result.faults.size(), static_cast<unsigned long long>(seed),
                options.memory ? with_memory(options).c_str() : "",
                options.mutant.empty() ? "" : " --mutant ", options.mutant.c_str());
  std::fflush(stdout);
}

void tell(const Sums& sums, std::uint64_t runs) {
  std::printf(
      "%llu kills, %zu messages acknowledged (%.0f a second of load), %zu recovered beside"
      " them, %zu pushed and %zu heard in rooms, served again after at most %lld ms, %llu runs "
      "with faults\n",
      static_cast<unsigned long long>(runs), sums.told,
      static_cast<double>(sums.told) * 1000.0 /
          static_cast<double>(std::max<long long>(sums.load.count(), 1)),
      sums.recovered, sums.pushed, sums.heard_live, static_cast<long long>(sums.slowest.count()),
      static_cast<unsigned long long>(sums.failed));
  if (sums.resident_kb > 0) std::printf("  %ld MB of memory at most\n", sums.resident_kb / 1024);
  for (const auto& [place, count] : sums.places)
    std::printf("  %4d killed %s\n", count, place.c_str());
}

// What is said of a message that was acknowledged and is not on the disk, before it is sent again.
bool tells_of_loss(const TrialResult& result) {
  return std::any_of(result.faults.begin(), result.faults.end(), [](const std::string& fault) {
    return fault.find("was told, and a later sync ends at") != std::string::npos ||
           fault.find("is lost, though acknowledged") != std::string::npos;
  });
}

// A mutant must be found out by what it does, and then there is no more to learn of it.
int run(const Options& options) {
  TempDir dir;
  const auto world = make_world(dir.path() / "world");
  TrialOptions trial;
  if (!options.mutant.empty()) trial.binary = LINNET_EARLY_ACK;
  trial.keep = options.mutant.empty();
  trial.memory = options.memory;
  trial.deaf = options.deaf;
  Sums sums;
  bool found_out = false;
  std::uint64_t done = 0;
  while (done < options.runs) {
    trial.seed = options.seed + done++;
    const auto result = run_trial(world, trial);
    tell(options, trial.seed, result);
    add(sums, result);
    found_out = found_out || tells_of_loss(result);
    if (!options.mutant.empty() && found_out) break;
  }
  tell(sums, done);
  // Else it would look for what cannot have been lost.
  bool idle = sums.told == 0;
  if (idle) std::puts("nothing was acknowledged");
  for (const auto& [place, count] : sums.planned) {
    if (count.first < kEnoughRuns || count.second > 0) continue;
    idle = true;
    std::printf("no server died %s, though %d were meant to\n", place.c_str(), count.first);
  }
  const bool deaf =
      done >= kEnoughToHear && !options.memory && (sums.pushed == 0 || sums.heard_live == 0);
  if (deaf) std::puts("nobody heard anything of the others, or nothing in rooms");
  if (options.mutant.empty()) return sums.failed == 0 && !idle && !deaf ? 0 : 1;
  std::puts(found_out ? "the mutant was found out" : "the mutant was NOT found out");
  return found_out ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Kills a server under load, starts it again, and looks for what it lost, doubled or turned.",
      "./dev crash"};
  app.add_option("--runs", options.runs, "How many servers to kill.")->capture_default_str();
  app.add_option("--seed", options.seed, "Of the first run; each next one has the next.")
      ->capture_default_str();
  app.add_option("--mutant", options.mutant,
                 "A broken server instead, which must be found out: ack-before-commit.")
      ->check(CLI::IsMember({"ack-before-commit"}));
  app.add_flag("--memory", options.memory,
               "With little memory, and clients that cost much, instead.");
  app.add_option("--deaf", options.deaf, "With --memory: how many of them read nothing.")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  app.add_flag("--quiet", options.quiet, "Only failed runs, and the sums.");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "crash: %s\n", error.what());
    return 2;
  }
}
