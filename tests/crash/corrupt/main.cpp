// ./dev crash corrupt: damages databases at random places, and looks whether anything wrong is
// served. Each run is a process of its own, which may crash.
#include "corrupt_trial.hpp"
#include "damage.hpp"

#include "linnet/base/temp_dir.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

using namespace linnet;
using namespace linnet::test;

namespace {

// A world that was closed has no write-ahead log to damage: each third is.
constexpr std::uint64_t kRunsOfOneWorld = 25;
// So many in a row have a whole world that was not closed.
constexpr std::uint64_t kRunsOfEachKind = 100;
static_assert(kRunsOfOneWorld >= kTurnsOfDamage && kRunsOfEachKind >= 4 * kRunsOfOneWorld);
constexpr unsigned kSecondsForOne = 120;
constexpr std::size_t kFaultsTold = 5;

struct Options {
  std::uint64_t runs = 400;
  std::uint64_t seed = 1;
  std::size_t jobs = 2;
  bool told = false;
  bool wrong = false;
};

// A database at rest, made in a process of its own.
struct Made {
  explicit Made(std::uint64_t seed) : world(seed), data(dir.path() / "made") {
    const auto child = fork();
    if (child == 0) {
      alarm(kSecondsForOne);
      world.make(data);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status) ? WTERMSIG(status) != SIGKILL : WEXITSTATUS(status) != 0)
      throw std::runtime_error("a database could not be made");
  }
  KnownWorld world;
  TempDir dir;
  std::filesystem::path data;
};

struct Child {
  std::uint64_t seed = 0;
  int report = -1;  // what it writes
};

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHarmless: return "harmless";
    case Verdict::kRefused: return "refuses to start";
    case Verdict::kStorage: return "refuses in part";
    case Verdict::kContent: return "another text or value";
    case Verdict::kCheckOnly: return "wrong, only check finds it";
    case Verdict::kFaulty: return "FAULTY";
  }
  return "";
}

const std::string kCrashed = std::to_string(static_cast<int>(Verdict::kFaulty)) + " 0\n";

// The verdict's number and whether `linnet check` finds it, the kind, the damage, the faults.
std::string report(const CorruptResult& result) {
  std::string text = std::to_string(static_cast<int>(result.verdict)) + " " +
                     (result.check_finds_it ? "1" : "0") + "\n" + result.kind + "\n" +
                     result.damage + "\n";
  for (std::size_t i = 0; i < result.faults.size() && i < kFaultsTold; ++i)
    text += "  " + result.faults[i].substr(0, 500) + "\n";
  return text;
}

class Runs {
 public:
  explicit Runs(const Options& options) : options_(options) {}

  int run() {
    for (std::uint64_t i = 0; i < options_.runs; ++i) {
      while (children_.size() >= options_.jobs)
        collect();
      const auto seed = options_.seed + i;
      begin(seed);
    }
    while (!children_.empty())
      collect();
    tell();
    return faulty_ == 0 && each_kind_came() ? 0 : 1;
  }

 private:
  void begin(std::uint64_t seed) {
    const auto number = seed / kRunsOfOneWorld;
    if (!made_ || made_number_ != number) {
      while (!children_.empty())
        collect();
      made_ = std::make_unique<Made>(number);
      made_number_ = number;
    }
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    const auto child = fork();
    if (child < 0) throw std::runtime_error("no process");
    if (child == 0) {
      alarm(kSecondsForOne);
      std::string text;
      try {
        text = report(run_corrupt_trial(made_->world, made_->data, seed));
      } catch (const std::exception& error) {
        text = kCrashed + std::string("an exception\n") + error.what() + "\n";
      }
      const auto written = write(ends[1], text.data(), text.size());
      _exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
    }
    close(ends[1]);
    children_[child] = {seed, ends[0]};
  }

  void collect() {
    int status = 0;
    const auto pid = wait(&status);
    const auto child = children_.find(pid);
    if (child == children_.end()) return;
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(child->second.report, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    close(child->second.report);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      text = kCrashed + std::string("a crash\nit crashed: status ") + std::to_string(status) + "\n";
    take(child->second.seed, text);
    children_.erase(child);
  }

  void take(std::uint64_t seed, const std::string& text) {
    std::istringstream lines(text);
    int verdict = 0;
    int found = 0;
    std::string kind;
    lines >> verdict >> found;
    lines.ignore();
    std::getline(lines, kind);
    ++kinds_[kind][name_of(static_cast<Verdict>(verdict))];
    if (found != 0) ++kinds_[kind]["told by check"];
    const bool faulty = verdict == static_cast<int>(Verdict::kFaulty);
    if (faulty) ++faulty_;
    const bool wrong = verdict == static_cast<int>(Verdict::kCheckOnly);
    if (!faulty && !(wrong && options_.wrong) && !options_.told) return;
    std::string rest(std::istreambuf_iterator<char>(lines), {});
    std::printf("seed %llu: %s%s: %s\n", static_cast<unsigned long long>(seed),
                name_of(static_cast<Verdict>(verdict)), found != 0 ? " (check tells)" : "",
                rest.c_str());
    if (faulty)
      std::printf("  again: ./dev crash corrupt --runs 1 --seed %llu\n",
                  static_cast<unsigned long long>(seed));
    std::fflush(stdout);
  }

  bool each_kind_came() const {
    bool all = true;
    for (const auto& kind : kinds_of_damage()) {
      if (options_.runs < kRunsOfEachKind || kinds_.contains(kind)) continue;
      std::printf("FAULTY: %s never came\n", kind.c_str());
      all = false;
    }
    return all;
  }

  void tell() const {
    std::printf("%llu databases damaged, %llu served something wrong, or crashed\n",
                static_cast<unsigned long long>(options_.runs),
                static_cast<unsigned long long>(faulty_));
    for (const auto& [kind, verdicts] : kinds_) {
      std::printf("  %s:", kind.c_str());
      for (const auto& [verdict, count] : verdicts)
        std::printf(" %d %s,", count, verdict.c_str());
      std::puts("");
    }
  }

  Options options_;
  std::unique_ptr<Made> made_;
  std::uint64_t made_number_ = 0;
  std::map<pid_t, Child> children_;
  std::map<std::string, std::map<std::string, int>> kinds_;
  std::uint64_t faulty_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Damages databases and write-ahead logs, and looks whether anything wrong is served.",
      "./dev crash corrupt"};
  app.add_option("--runs", options.runs, "How many databases.")->capture_default_str();
  app.add_option("--seed", options.seed, "Of the first run; each next one has the next.")
      ->capture_default_str();
  app.add_option("--jobs", options.jobs, "How many at once.")->capture_default_str();
  app.add_flag("--tell", options.told, "Of each run what came of it.");
  app.add_flag("--wrong", options.wrong, "Tell also of what only linnet check finds.");
  CLI11_PARSE(app, argc, argv);
  try {
    return Runs(options).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "corrupt: %s\n", error.what());
    return 2;
  }
}
