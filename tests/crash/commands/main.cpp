// ./dev crash commands: ends linnet as kill -9 would, in the middle of a migration, of `linnet
// backup` and of `linnet restore`, at a change of a file that the seed chooses. What is left is the
// database as it was or as it should become, and the command can be given again.
#include "small_database.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <netinet/in.h>
#include <random>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

using namespace linnet;
using namespace linnet::test;
namespace fs = std::filesystem;

namespace {

constexpr int kKilled = 128 + 9;
constexpr int kMessages = 24;
constexpr int kEnoughRuns = 8;  // of a kind, to judge whether it is killed at all

struct Options {
  int runs = 300;
  std::uint64_t seed = 1;
};

// An address at which nobody else can listen.
class Taken {
 public:
  Taken() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* const name = reinterpret_cast<sockaddr*>(&at);
    if (bind(fd_, name, size) != 0 || listen(fd_, 1) != 0 || getsockname(fd_, name, &size) != 0)
      throw std::runtime_error("no address");
    address_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  }
  ~Taken() { close(fd_); }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;
  const std::string& address() const { return address_; }

 private:
  int fd_;
  std::string address_;
};

class Trial {
 public:
  explicit Trial(std::uint64_t seed) : random_(seed) {
    switch (seed % 3) {
      case 0: migrate(); break;
      case 1: back_up(); break;
      default: restore(); break;
    }
  }
  const std::string& name() const { return name_; }
  bool killed() const { return killed_; }
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  int any(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  void expect(const std::string& what, const std::string& wrong) {
    if (!wrong.empty()) faults_.push_back(what + ": " + wrong);
  }
  void expect(const std::string& what, bool good, const Outcome& outcome) {
    if (!good)
      faults_.push_back(what + ": status " + std::to_string(outcome.status) + " " + outcome.out +
                        outcome.err);
  }

  // Dies at a change up to the `most`th, if it makes so many.
  Outcome run_to_death(const std::vector<std::string>& arguments, int most) {
    const auto point =
        std::string(any(0, 1) == 0 ? "any:" : "done:") + std::to_string(any(1, most));
    auto outcome =
        run_program(LINNET_BINARY, arguments, {},
                    {std::string("LD_PRELOAD=") + LINNET_CRASH_POINT, "CRASH_POINT=" + point});
    if (outcome.status == kKilled) killed_ = true;
    return outcome;
  }

  void migrate() {
    const SmallDatabase old{"old", any(1, newest_schema() - 1), kMessages, any(0, 1) == 1};
    name_ = "a migration";
    const auto data = dir_.path() / "data";
    make_small_database(old, data);
    for (int deaths = any(1, 3); deaths > 0; --deaths) {
      // One that reaches the end of the migration ends there: the door is taken.
      run_to_death({"--data-dir", data.string(), "--tcp-listen", taken_.address(), "--http-listen",
                    taken_.address(), "--set", "grpc.listen=", "--dev-code", kCode},
                   60);
    }
    expect("after a killed migration", differs(old, data));
  }

  void back_up() {
    const SmallDatabase source{"source", newest_schema(), kMessages, any(0, 1) == 1};
    name_ = "a backup";
    const auto data = dir_.path() / "data";
    const auto target = dir_.path() / "target";
    make_small_database(source, data);
    run_to_death({"backup", target.string(), "--data-dir", data.string()}, 130);
    const auto again = [&] {
      return run_program(LINNET_BINARY, {"backup", target.string(), "--data-dir", data.string()});
    };
    if (fs::exists(target / "linnet.db")) {
      const auto refused = again();
      expect("a second backup to one place", refused.status != 0, refused);
    } else {
      const auto check = run_program(LINNET_BINARY, {"check", "--data-dir", target.string()});
      expect("a check of half a backup", check.status != 0, check);
      const auto restore = run_program(LINNET_BINARY, {"restore", target.string(), "--data-dir",
                                                       (dir_.path() / "other").string()});
      expect("a restore of half a backup", restore.status != 0, restore);
      const auto made = again();
      expect("the backup once more", made.status == 0, made);
    }
    expect("the backup", differs(source, target));
    expect("what was backed up", differs(source, data));
  }

  void restore() {
    const SmallDatabase backup{"backup", newest_schema(), kMessages, false};
    const SmallDatabase old{"old", newest_schema(), kMessages + 6, any(0, 1) == 1};
    const bool occupied = any(0, 2) > 0;
    name_ = occupied ? "a restore over another database" : "a restore";
    const auto source = dir_.path() / "backup";
    const auto data = dir_.path() / "data";
    make_small_database(backup, source);
    if (occupied) make_small_database(old, data);
    std::vector<std::string> arguments{"restore", source.string(), "--data-dir", data.string()};
    if (occupied) arguments.emplace_back("--replace");
    for (int deaths = any(1, 2); deaths > 0; --deaths)
      run_to_death(arguments, 200);
    const auto now = dir_.path() / "now";
    if (fs::exists(data)) look(backup, old, occupied, data, now);
    // What is left is not in the way of another try.
    const auto again = run_program(
        LINNET_BINARY, {"restore", source.string(), "--data-dir", data.string(), "--replace"});
    expect("the restore once more", again.status == 0, again);
    expect("the restored database", differs(backup, data));
    if (occupied) expect("what was there before", kept_aside(old, data));
    expect("the backup", differs(backup, source));
  }

  // On a copy, so that the next try finds what the killed one left.
  void look(const SmallDatabase& backup, const SmallDatabase& old, bool occupied,
            const fs::path& data, const fs::path& copy) {
    fs::copy(data, copy, fs::copy_options::recursive);
    const auto from_new = differs(backup, copy);
    if (from_new.empty()) return;
    fs::remove_all(copy);
    fs::copy(data, copy, fs::copy_options::recursive);
    if (!occupied) {
      // Nothing was there: it may say that it was interrupted, or begin anew.
      const SmallDatabase nothing{"", newest_schema(), 0, false};
      const auto from_nothing = differs(nothing, copy);
      if (!from_nothing.starts_with("refused: ")) expect("in place of nothing", from_nothing);
      return;
    }
    const auto from_old = differs(old, copy);
    if (from_old.empty()) return;
    faults_.push_back("neither the old database nor the new one: " + from_old + "; " + from_new);
  }

  // It is there in one of the directories beside, whole.
  static std::string kept_aside(const SmallDatabase& old, const fs::path& data) {
    std::string wrong = "it is nowhere";
    for (const auto& entry : fs::directory_iterator(data)) {
      if (!entry.path().filename().string().starts_with("before-restore-")) continue;
      wrong = differs(old, entry.path());
      if (wrong.empty()) return {};
    }
    return wrong;
  }

  std::mt19937_64 random_;
  Taken taken_;
  TempDir dir_;
  std::string name_;
  bool killed_ = false;
  std::vector<std::string> faults_;
};

int run(const Options& options) {
  int faulty = 0;
  std::map<std::string, std::pair<int, int>> kinds;  // killed, of all
  for (int i = 0; i < options.runs; ++i) {
    const auto seed = options.seed + static_cast<std::uint64_t>(i);
    const Trial trial(seed);
    auto& [killed, all] = kinds[trial.name()];
    ++all;
    if (trial.killed()) ++killed;
    if (trial.faults().empty()) continue;
    ++faulty;
    std::printf("seed %llu: %s: FAULTY\n", static_cast<unsigned long long>(seed),
                trial.name().c_str());
    for (const auto& fault : trial.faults())
      std::printf("  %s\n", fault.c_str());
    std::printf("  again: ./dev crash commands --runs 1 --seed %llu\n",
                static_cast<unsigned long long>(seed));
    std::fflush(stdout);
  }
  std::printf("%d commands, %d left something that they should not\n", options.runs, faulty);
  for (const auto& [name, counts] : kinds)
    std::printf("  %4d killed in the middle of %s, of %d\n", counts.first, name.c_str(),
                counts.second);
  const bool idle = std::ranges::any_of(kinds, [](const auto& kind) {
    const auto& [killed, all] = kind.second;
    return killed == 0 && all >= kEnoughRuns;
  });
  if (idle) std::puts("of one kind none was killed in the middle");
  return faulty == 0 && !idle ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Kills migrations, backups and restores, and looks at what they leave.",
               "./dev crash commands"};
  app.add_option("--runs", options.runs, "How many commands.")->capture_default_str();
  app.add_option("--seed", options.seed, "Of the first run; each next one has the next.")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "commands: %s\n", error.what());
    return 2;
  }
}
