#include "trial.hpp"

#include "hogs.hpp"
#include "support/kept.hpp"
#include "support/load.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <exception>
#include <memory>
#include <random>
#include <thread>

namespace linnet::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// What a run does beside the load.
struct Plan {
  std::string place;
  std::string crash_at;           // CRASH_POINT; empty: the clock decides
  std::string crash_at_recovery;  // of the start after that
  milliseconds kill_after{0};
  std::vector<std::string> arguments = server_arguments();
};

void set(Plan& plan, const std::string& setting) {
  plan.arguments.insert(plan.arguments.end(), {"--set", setting});
}

constexpr milliseconds kUntilReached = kPatience;  // a place that the load leads to
constexpr milliseconds kUntilRecovered{3000};      // and one that recovery leads to, mostly
constexpr std::uint64_t kWithinWrite = 3;

Plan plan_of(const TrialOptions& options) {
  std::mt19937_64 random(options.seed);
  auto any = [&](int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); };
  Plan plan;
  plan.kill_after = milliseconds(any(50, 900));
  // An answer that comes too early shows best where the commit is cut in two.
  switch (options.binary.empty() ? options.seed % 8 : kWithinWrite) {
    case 0:
    case 1: plan.place = "any moment"; break;
    case 2:
      plan.place = "between commit and answer";
      plan.crash_at = "synced:" + std::to_string(any(1, 400));
      plan.kill_after = kUntilReached;
      break;
    case kWithinWrite:
      plan.place = "within a write of the log";
      plan.crash_at = "wal:" + std::to_string(any(1, 4000));
      plan.kill_after = kUntilReached;
      break;
    case 4:
      plan.place = "within a checkpoint";
      plan.crash_at = "db:" + std::to_string(any(1, 300));
      set(plan, "store.merge_after=64");
      plan.kill_after = kUntilReached;
      break;
    case 5:
      plan.place = "while the index is built";
      set(plan, "store.merge_after=1");
      set(plan, "store.merge_slice_ms=1");
      break;
    case 6:
      plan.place = "again while it recovers";
      set(plan, "store.merge_after=100000");
      plan.crash_at_recovery =
          any(0, 1) == 0 ? "wal:" + std::to_string(any(1, 40)) : "db:" + std::to_string(any(1, 40));
      break;
    default:
      plan.place = "any moment, one batch at a time";
      set(plan, "store.batch=" + std::to_string(any(1, 4)));
      set(plan, "store.merge_after=" + std::to_string(any(1, 500)));
      break;
  }
  return plan;
}

Launch launch_of(const TrialOptions& options, const std::string& crash_at) {
  Launch launch;
  launch.binary = options.binary;
  if (!crash_at.empty())
    launch.environment = {std::string("LD_PRELOAD=") + LINNET_CRASH_POINT,
                          "CRASH_POINT=" + crash_at};
  return launch;
}

constexpr int kKilled = 128 + SIGKILL;

// True when it died before the time was over.
bool wait_and_kill(ServerProcess& server, milliseconds limit) {
  const auto end = Clock::now() + limit;
  while (server.running() && Clock::now() < end)
    std::this_thread::sleep_for(milliseconds(1));
  const bool died = !server.running();
  server.kill();
  return died;
}

class Trial {
 public:
  Trial(const World& world, const TrialOptions& options)
      : world_(world), options_(options), plan_(plan_of(options)), data_(dir_.path() / "data") {
    std::filesystem::copy(world.data, data_, std::filesystem::copy_options::recursive);
    Sender::Options own;
    // It refuses whom it has no memory for, or leaves him waiting.
    if (options.memory)
      own.tolerance = {{pb::EC_SERVER_BUSY, pb::EC_STORAGE, pb::EC_TIMEOUT}, true};
    for (std::size_t i = 0; i < kUsers; ++i)
      senders_.push_back(
          std::make_unique<Sender>(world, history_, i, options.seed * 1000 + i, own));
    for (std::size_t i = 0; i < kUsers; i += 4)
      listeners_.push_back(std::make_unique<Listener>(world, history_, i));
  }

  TrialResult run() {
    result_.place = plan_.place;
    // Whatever goes wrong is this run's, whose seed and directory tell more: a server that does not
    // start again, above all.
    try {
      kill_and_look();
    } catch (const std::exception& error) {
      result_.faults.push_back(last_words(error.what()));
    }
    auto faults = history_.faults();
    result_.faults.insert(result_.faults.end(), faults.begin(), faults.end());
    if (options_.keep && !result_.faults.empty())
      result_.faults.push_back(keep(dir_.path(), "linnet-crash-" + std::to_string(options_.seed)));
    return std::move(result_);
  }

 private:
  void kill_and_look() {
    if (options_.memory) {
      with_little_memory();
    } else {
      under_load();
    }
    result_.told = history_.messages_told();
    if (!plan_.crash_at_recovery.empty()) recover_and_die();
    look();
    check_database();
  }

  void under_load() {
    ServerProcess server(data_, plan_.arguments, launch_of(options_, plan_.crash_at));
    const Ports ports{server.tcp_port(), server.http_port()};
    const auto began = Clock::now();
    std::vector<std::thread> threads;
    for (auto& sender : senders_)
      threads.emplace_back([&sender, ports] { sender->run(ports); });
    for (auto& listener : listeners_)
      threads.emplace_back([&listener, ports] { listener->run(ports); });
    const bool planned = !plan_.crash_at.empty();
    if (planned) result_.planned = plan_.place;
    const bool died = wait_and_kill(server, plan_.kill_after);
    judge_end(server, died && !planned);
    result_.reached = died && planned;
    if (planned && !died) result_.place = "any moment";
    result_.load = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
    for (auto& thread : threads)
      thread.join();
    add_problems(senders_, result_.faults);
    add_problems(listeners_, result_.faults);
    result_.pushed += pushed_to(listeners_);
    result_.heard_live += heard_live_by(senders_);
  }

  // It ends by nothing but a SIGKILL, and by itself (`died`) not at all.
  void judge_end(const ServerProcess& server, bool died) {
    if (server.status() != kKilled || died)
      result_.faults.push_back("the server ended by itself, with status " +
                               std::to_string(server.status()) + ": " + last_words(server.log()));
  }

  // It refuses, cuts who costs most, or ends, which it may also do when they have gone: what they
  // had is then free for some threads and not for others. If it has not ended it is well again.
  void with_little_memory() {
    ServerProcess server(data_, plan_.arguments, {});
    const Ports ports{server.tcp_port(), server.http_port()};
    auto deaf = deaf_devices(ports.http);
    const auto began = Clock::now();
    limit_memory(server.pid(), options_.seed);
    std::vector<std::thread> threads;
    std::atomic<bool> over = false;
    for (auto& sender : senders_)
      threads.emplace_back([&sender, &over, ports] {
        while (!over) {
          sender->run(ports);
          std::this_thread::sleep_for(milliseconds(10));
        }
      });
    {
      Hogs hogs(world_, ports, std::move(deaf));
      const auto end = began + std::chrono::seconds(2);
      while (server.running() && Clock::now() < end) {
        hogs.grow();
        result_.resident_kb = std::max(result_.resident_kb, resident(server.pid()));
      }
    }
    over = true;
    std::string why;
    const bool well = well_again(server, ports, why);
    const bool ended = !server.running();
    result_.place = ended ? "by a lack of memory" : "with little memory";
    // Asio wraps two that come at once.
    const auto log = server.log();
    const bool told = log.find("std::bad_alloc") != std::string::npos ||
                      log.find("multiple_exceptions") != std::string::npos;
    if (ended && (!told || (server.status() != 1 && server.status() != 128 + SIGABRT)))
      result_.faults.push_back("it ended, and not by a lack of memory: with status " +
                               std::to_string(server.status()) + ": " + last_words(log));
    if (!ended && !well)
      result_.faults.push_back("it is not well when there is memory again: " + why);
    result_.load = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
    server.kill();
    for (auto& thread : threads)
      thread.join();
    add_problems(senders_, result_.faults);
  }

  // The users' second devices first, then new ones of the same users.
  std::vector<TestUser> deaf_devices(std::uint16_t http_port) const {
    auto devices = world_.readers;
    while (devices.size() < options_.deaf)
      devices.push_back(sign_in(http_port, phone_of(devices.size() % kUsers)));
    devices.resize(options_.deaf);
    return devices;
  }

  // `why`: what it said last where it is not. Thousands of connections that the clients left behind
  // are ahead of the one that asks.
  static bool well_again(ServerProcess& server, Ports ports, std::string& why) {
    for (const auto end = Clock::now() + 3 * kPatience; server.running() && Clock::now() < end;
         std::this_thread::sleep_for(milliseconds(20))) {
      try {
        auto answer = http(ports.http, "GET", "/readyz");
        if (answer.status == 200) return true;
        why = answer.body;
      } catch (const std::exception& error) {
        why = error.what();
      }
    }
    return false;
  }

  void recover_and_die() {
    result_.planned = plan_.place;
    try {
      ServerProcess server(data_, plan_.arguments, launch_of(options_, plan_.crash_at_recovery));
      result_.reached = wait_and_kill(server, kUntilRecovered);
      if (!result_.reached) result_.place = "again after it recovered";
      judge_end(server, false);
    } catch (const DidNotStart& end) {
      result_.reached = end.status == kKilled;
      if (!result_.reached)
        result_.faults.push_back("it does not recover, and ends with status " +
                                 std::to_string(end.status) + ": " + last_words(end.what()));
    }
  }

  void look() {
    ServerProcess server(data_, plan_.arguments, launch_of(options_, {}));
    result_.restart = server.time_to_ready();
    const Ports ports{server.tcp_port(), server.http_port()};
    auto look = look_around(world_, history_, senders_, ports);
    result_.recovered = look.recovered;
    result_.faults.insert(result_.faults.end(), look.faults.begin(), look.faults.end());
    if (options_.seed % 2 == 0) {
      server.kill();
      judge_end(server, false);
    } else if (server.stop() != 0) {
      result_.faults.push_back("the server did not stop well");
    }
  }

  void check_database() {
    sqlite3* db = nullptr;
    sqlite3_stmt* statement = nullptr;
    std::string verdict = "cannot be opened";
    if (sqlite3_open((data_ / "linnet.db").c_str(), &db) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
      verdict = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    if (verdict != "ok") result_.faults.push_back("integrity_check: " + verdict);
  }

  const World& world_;
  TrialOptions options_;
  Plan plan_;
  TempDir dir_;
  std::filesystem::path data_;
  History history_;
  std::vector<std::unique_ptr<Sender>> senders_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  TrialResult result_;
};

}  // namespace

TrialResult run_trial(const World& world, const TrialOptions& options) {
  return Trial(world, options).run();
}

}  // namespace linnet::test
