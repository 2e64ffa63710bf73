// ./dev chaos flood: one attack after the other on a server, while others talk, and what that does
// to them.
#include "attack.hpp"
#include "measure.hpp"
#include "pairs.hpp"
#include "support/secrets.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <sched.h>
#include <thread>

using namespace linnet;
using namespace linnet::flood;
using bench::Nanos;
using bench::now;

namespace linnet::flood {

const std::vector<Attack>& attacks() {
  static const std::vector<Attack> all{
      {"half-open",
       half_open,
       {"http.head_timeout_ms=3000", "http.idle_s=3", "session.sign_in_timeout_ms=3000"},
       150},
      {"pings", pings, {}, 60},
      {"fragments", fragments, {}, 60},
      {"sign-ins", sign_ins, {}, 60},
      {"messages", messages, {}, 60},
      {"bombs", bombs, {}, 60},
      {"rooms", rooms, {"rooms.keep_s=2"}, 300},
      {"hoard", hoard, {"limits.room_history_bytes=33554432"}, 160},
      {"slow-room", slow_room, {}, 300},
      // 64 KB unsent and as much unread of each of 64; what 256 connections hold;
      // store.cache_bytes, the readers' half of it, and 256 KB of each of 16.
      {"joins", joins, {}, 16},
      {"accepts", accepts, {}, 16},
      {"large", large, {}, 110},
#ifdef LINNET_GRPC
      {"resets", resets, {"grpc.listen=127.0.0.1:0"}, 300},
      {"frames", frames, {"grpc.listen=127.0.0.1:0"}, 200},
#endif
  };
  return all;
}

}  // namespace linnet::flood

namespace {

constexpr std::size_t kPairs = 32;
constexpr std::size_t kAttackers = 1001;
constexpr std::uint64_t kFirstPhone = 13'000'000'000;
constexpr Nanos kSlice = 20 * bench::kMilli;
constexpr double kSlower = 3;  // than in quiet others may be
constexpr double kFromMs = 2;  // below this a time is no wait
constexpr double kMegabyte = 1e6;
constexpr double kAlways = 40;  // MB that a server may take for the others, once

struct Options {
  std::vector<std::string> attacks;
  double seconds = 10;
  double scale = 1;
  std::size_t rate = 400;
  bool timed = true;
};

struct Others {
  bench::Histogram times;
  double most_mb = 0;  // of the server's memory
};

struct Result {
  Others quiet;
  Others attacked;
  Outcome outcome;
  std::vector<std::string> faults;
};

std::vector<std::string> arguments(const std::vector<std::string>& settings) {
  std::vector<std::string> all;
  for (const char* one : {"logic.require_friendship=false", "http.metrics=true"})
    all.insert(all.end(), {"--set", one});
  for (const auto& one : settings)
    all.insert(all.end(), {"--set", one});
  return all;
}

bench::Doors doors_of(const test::ServerProcess& server) {
  return {bench::loopback(server.tcp_port()), bench::loopback(server.http_port())};
}

// Talks at the rate until it is enough.
template <class Enough>
Others talk(bench::Pairs& pairs, std::size_t rate, pid_t server, Enough enough) {
  Others others;
  pairs.deliveries().measure_from(now());
  for (auto from = now(); !enough(); from += kSlice) {
    pairs.run_at_rate(rate, from, from + kSlice);
    others.most_mb = std::max(others.most_mb, bench::memory_of(server).rss / kMegabyte);
  }
  pairs.settle();
  others.times = pairs.deliveries().latencies();
  return others;
}

// On a thread of its own, which has what of the processors the server and the others leave: real
// attackers have machines of their own.
class Attacker {
 public:
  Attacker(const Attack& attack, const Options& options, const test::ServerProcess& server,
           const std::vector<bench::Account>& users)
      : thread_([this, &attack, &options, &server, &users] {
          const sched_param none{};
          sched_setscheduler(0, SCHED_IDLE, &none);
          try {
            outcome_ = attack.run({doors_of(server), bench::loopback(server.grpc_port()), users,
                                   options.scale, over_});
          } catch (const std::exception& error) {
            outcome_.faults.emplace_back(error.what());
          }
        }) {}
  ~Attacker() {
    if (thread_.joinable()) end();
  }
  Attacker(const Attacker&) = delete;
  Attacker& operator=(const Attacker&) = delete;

  Outcome end() {
    over_ = true;
    thread_.join();
    return std::move(outcome_);
  }

 private:
  std::atomic<bool> over_{false};
  Outcome outcome_;
  std::thread thread_;  // the last: it begins when all else is there
};

class Run {
 public:
  explicit Run(Options options) : options_(std::move(options)) {
    // Its log has a line of each sign-in, in which no token may be.
    test::ServerProcess server(dir_.path() / "people", arguments({}));
    const auto users =
        bench::sign_up({doors_of(server), test::kCode, kFirstPhone}, 2 * kPairs + kAttackers);
    test::remember_tokens(users);
    test::remember_secret(kGuess);
    talkers_.assign(users.begin(), users.begin() + 2 * kPairs);
    attackers_.assign(users.begin() + 2 * kPairs, users.end());
    if (server.stop() != 0) throw std::runtime_error("the first server did not end well");
  }

  Result run(const Attack& attack) {
    const TempDir dir;
    std::filesystem::copy(dir_.path() / "people", dir.path() / "data",
                          std::filesystem::copy_options::recursive);
    auto settings = attack.settings;
    settings.insert(settings.end(), {"limits.enabled=true", "server.log_level=warn"});
    test::ServerProcess server(dir.path() / "data", arguments(settings));
    bench::Options talking;
    talking.pairs = kPairs;
    bench::Pairs pairs(talking, doors_of(server), talkers_);
    const auto talk_for = [&](double seconds) {
      const auto until = now() + bench::seconds(seconds);
      return talk(pairs, options_.rate, server.pid(), [&] { return now() >= until; });
    };
    Result result;
    talk_for(options_.seconds / 10);
    result.quiet = talk_for(options_.seconds);
    Attacker attacker(attack, options_, server, attackers_);
    result.attacked = talk_for(options_.seconds);
    result.outcome = attacker.end();
    result.faults = result.outcome.faults;
    const auto problems = pairs.deliveries().problems();
    result.faults.insert(result.faults.end(), problems.begin(), problems.end());
    judge(attack, result);
    if (!server.running()) result.faults.push_back("the server has ended: " + server.log());
    if (server.stop() != 0) result.faults.emplace_back("the server did not stop well");
    return result;
  }

 private:
  void judge(const Attack& attack, Result& result) const {
    const auto grown = result.attacked.most_mb - result.quiet.most_mb;
    if (grown > kAlways + attack.may_grow_mb)
      result.faults.push_back("the server took " + std::to_string(grown) + " MB more");
    if (!options_.timed) return;
    const auto allowed = kSlower * std::max(kFromMs, result.quiet.times.percentile_ms(0.99));
    if (result.attacked.times.percentile_ms(0.99) > allowed)
      result.faults.emplace_back("the others waited too long");
  }

  Options options_;
  TempDir dir_;
  std::vector<bench::Account> talkers_;
  std::vector<bench::Account> attackers_;
};

void tell(const Attack& attack, const Result& result) {
  const auto& quiet = result.quiet.times;
  const auto& attacked = result.attacked.times;
  std::printf(
      "%-10s others' p50 %.2f ms, p99 %.2f ms in quiet, %.2f and %.2f attacked (%.1f times);"
      " %.0f MB, then %.0f; %s: %s\n",
      attack.name.c_str(), quiet.percentile_ms(0.5), quiet.percentile_ms(0.99),
      attacked.percentile_ms(0.5), attacked.percentile_ms(0.99),
      attacked.percentile_ms(0.99) / std::max(quiet.percentile_ms(0.99), 1e-6),
      result.quiet.most_mb, result.attacked.most_mb, result.outcome.did.c_str(),
      result.faults.empty() ? "good" : "FAULTY");
  for (const auto& fault : result.faults)
    std::printf("  %s\n", fault.c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::vector<std::string> names;
  for (const auto& attack : attacks())
    names.push_back(attack.name);
  options.attacks = names;
  CLI::App app{
      "One attack after the other, while 32 pairs of users talk. Exit status 1 when one of these is"
      " not served, waits more than three times as long as in quiet, when the server takes more"
      " memory than it may, or lets attackers do what they may not.",
      "./dev chaos flood"};
  app.add_option("--attacks", options.attacks, "Which, separated by commas; all of them.")
      ->delimiter(',')
      ->check(CLI::IsMember(names));
  app.add_option("--seconds", options.seconds, "How long each of them.")
      ->check(CLI::Range(0.1, 1e6))
      ->capture_default_str();
  app.add_option("--scale", options.scale, "Of the attacks.")
      ->check(CLI::Range(0.001, 1.0))
      ->capture_default_str();
  app.add_option("--rate", options.rate, "Messages of the others a second.")
      ->check(CLI::Range(1, 2000))
      ->capture_default_str();
  app.add_flag("!--untimed", options.timed, "The others' times are told, and not judged.");
  CLI11_PARSE(app, argc, argv);
  try {
    bench::raise_file_limit();
    bench::catch_signals();
    Run run(options);
    bool good = true;
    for (const auto& attack : attacks()) {
      if (std::count(options.attacks.begin(), options.attacks.end(), attack.name) == 0) continue;
      const auto result = run.run(attack);
      tell(attack, result);
      good = good && result.faults.empty();
    }
    return good ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "flood: %s\n", error.what());
    return 2;
  }
}
