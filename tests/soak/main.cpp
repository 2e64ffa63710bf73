// ./dev soak: one server for an hour or longer, while thousands of connections come and go, and
// whether it grows, slows down, or loses anything.
#include "measure.hpp"
#include "samples.hpp"
#include "support/secrets.hpp"
#include "support/server_process.hpp"
#include "watched.hpp"

#include "linnet/base/temp_dir.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iterator>
#include <thread>

using namespace linnet;
using namespace linnet::soak;

namespace {

constexpr std::uint64_t kFirstPhone = 13'000'000'000;
constexpr double kMayGrow = 0.01;  // of the mean, an hour, with two standard errors taken off
// What each of malloc's arenas has needed at most, when bursts met, it keeps; late ones show.
constexpr double kResidentMayGrow = 0.05;
constexpr double kJudgedFrom = 20 * 60;  // seconds of samples, that a trend be one
constexpr std::size_t kOpenedLate = 8;   // descriptors that a thread opens when it first needs them
constexpr double kMostWarmUp = 1500;     // seconds
constexpr std::chrono::seconds kUntilClosed{20};

struct Options {
  double minutes = 60;
  std::size_t connections = 5000;
  double arrivals = 100;
  double messages = 100;
  std::size_t entries = 2'000'000;
  double every = 10;
  std::uint64_t seed = 1;
  std::string server;
  std::string csv = "soak.csv";
};

std::vector<std::string> arguments(bool limited) {
  auto all = test::server_arguments();
  const auto set = [&](const char* setting) { all.insert(all.end(), {"--set", setting}); };
  set(limited ? "limits.enabled=true" : "limits.enabled=false");
  // Where people sign in, the log has a line of each, in which no token may be.
  set(limited ? "server.log_level=warn" : "server.log_level=info");
  set("http.metrics=true");
  // Else the caches of pages fill for as long as an hour of this load, 96 MB of them.
  set("store.cache_bytes=8388608");
  // Else an hour sees the index built five times only, and memory is at its highest in a late one.
  set("store.merge_after=65536");
  return all;
}

bench::Doors doors_of(const test::ServerProcess& server) {
  return {bench::loopback(server.tcp_port()), bench::loopback(server.http_port())};
}

// What is open in a server that somebody has used and left.
std::multiset<std::string> at_rest(const test::ServerProcess& server, const test::World& world) {
  test::LongConnection::sign_in(test::LongConnection::Door::kWebSocket, server.tcp_port(),
                                server.http_port(), world.senders[0])
      .sync(0);
  std::this_thread::sleep_for(std::chrono::seconds(1));
  return open_of(server.pid());
}

// A growth that is more than is allowed, in a word for the reader.
void judge(const char* what, const Trend& trend, double unit, double may_grow, bool judged,
           std::vector<std::string>& faults) {
  std::printf("%s: %.1f on average, %+.2f %% an hour, standard error %.2f%s\n", what,
              trend.mean / unit, 100 * trend.share_per_hour(), 100 * trend.share_error(),
              judged ? "" : " (too short to be judged)");
  if (judged && trend.share_per_hour() - 2 * trend.share_error() > may_grow)
    faults.push_back(std::string(what) + " grows");
}

class Soak {
 public:
  explicit Soak(Options options)
      : options_(std::move(options)), world_(test::make_world(dir_.path() / "data")) {}

  int run() {
    make_people();
    test::ServerProcess server(world_.data, arguments(true), {options_.server, {}});
    const auto rest = at_rest(server, world_);
    Samples samples(server.pid(), server.http_port(), options_.csv);
    soak(server, samples);
    judge_trends(samples.all());
    judge_descriptors(server, rest);
    if (server.stop() != 0) faults_.emplace_back("the server did not end well");
    for (const auto& fault : faults_)
      std::printf("  %s\n", fault.c_str());
    std::printf("%s\n", faults_.empty() ? "good" : "FAULTY");
    return faults_.empty() ? 0 : 1;
  }

 private:
  void make_people() {
    test::ServerProcess server(world_.data, arguments(false), {options_.server, {}});
    const auto count = static_cast<std::size_t>(static_cast<double>(options_.connections) / 0.9);
    people_ =
        make_population({doors_of(server), test::kCode, kFirstPhone}, count, options_.entries);
    test::remember_tokens(people_.readers);
    test::remember_tokens(people_.speakers);
    if (server.stop() != 0) throw std::runtime_error("the first server did not end well");
  }

  void soak(test::ServerProcess& server, Samples& samples) {
    Visitors visitors(doors_of(server), people_,
                      {options_.connections, options_.arrivals, options_.messages, options_.seed});
    visitors.fill();
    Watched watched(world_, {server.tcp_port(), server.http_port()}, options_.seed);
    const auto begin = bench::now();
    const auto end = begin + bench::seconds(60 * options_.minutes);
    for (auto due = begin; due < end;) {
      due = std::min(due + bench::seconds(options_.every), end);
      visitors.run(due);
      if (!server.running()) throw std::runtime_error("the server has ended: " + server.log());
      samples.take(visitors);
    }
    const auto sign_ins = visitors.sign_ins();
    visitors.finish();
    faults_ = visitors.faults();
    const auto more = watched.finish();
    faults_.insert(faults_.end(), more.begin(), more.end());
    std::printf(
        "%zu connections came and went, %zu messages acknowledged, %zu received, %zu said in"
        " rooms; of those watched %zu acknowledged\n",
        static_cast<std::size_t>(sign_ins), static_cast<std::size_t>(visitors.acknowledged()),
        static_cast<std::size_t>(visitors.received()), static_cast<std::size_t>(visitors.said()),
        watched.told());
  }

  void judge_trends(const std::vector<Sample>& samples) {
    if (samples.empty()) return;
    const auto warm_up = std::min(kMostWarmUp, samples.back().seconds * 0.4);
    const bool judged = samples.back().seconds - warm_up >= kJudgedFrom;
    const auto judge_one = [&](const char* what, double unit, double may_grow, auto of) {
      judge(what, trend_of(samples, warm_up, of), unit, may_grow, judged, faults_);
    };
    std::printf("from %.0f s on:\n", warm_up);
    judge_one("heap in use, MB", 1e6, kMayGrow, [](const Sample& one) { return one.heap; });
    judge_one("resident memory, MB", 1e6, kResidentMayGrow,
              [](const Sample& one) { return one.rss; });
    // Of the whole: what is not a connection is a few dozen.
    judge_one("descriptors", 1, kMayGrow, [](const Sample& one) { return one.descriptors; });
    const auto tell = [&](const char* what, auto of) {
      const auto trend = trend_of(samples, warm_up, of);
      std::printf("%s: %.2f on average, %+.2f an hour\n", what, trend.mean, trend.per_hour);
    };
    // What else runs on the machine is in the times.
    tell("delivery p50, ms", [](const Sample& one) { return one.p50_ms; });
    tell("delivery p99, ms", [](const Sample& one) { return one.p99_ms; });
    tell("the server's share of a processor, %", [](const Sample& one) { return 100 * one.cpu; });
    tell("sign-ins/s", [](const Sample& one) { return one.sign_ins; });
  }

  // Everybody has left: what is open still was never closed.
  void judge_descriptors(const test::ServerProcess& server,
                         const std::multiset<std::string>& rest) {
    const auto deadline = std::chrono::steady_clock::now() + kUntilClosed;
    auto left = open_of(server.pid());
    while (left.size() > rest.size() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      left = open_of(server.pid());
    }
    std::printf("descriptors at rest: %zu before, %zu after\n", rest.size(), left.size());
    std::vector<std::string> opened;
    std::ranges::set_difference(left, rest, std::back_inserter(opened));
    for (const auto& one : opened)
      std::printf("  opened since: %s\n", one.c_str());
    if (left.size() > rest.size() + kOpenedLate)
      faults_.emplace_back("descriptors were not closed");
  }

  Options options_;
  TempDir dir_;
  test::World world_;
  Population people_;
  std::vector<std::string> faults_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "One server, while thousands of connections come and go, talk, and are cut. Exit status 1 "
      "when"
      " its heap grows by more than 1 % an hour or its resident memory by 5 %, it leaves a"
      " descriptor open, or loses, doubles or turns a message.",
      "./dev soak"};
  app.add_option("--minutes", options.minutes, "How long.")
      ->check(CLI::Range(0.05, 1e6))
      ->capture_default_str();
  app.add_option("--connections", options.connections, "At once, on average.")
      ->check(CLI::Range(50, 1'000'000))
      ->capture_default_str();
  app.add_option("--arrivals", options.arrivals, "New connections a second.")
      ->check(CLI::Range(0.1, 1e5))
      ->capture_default_str();
  app.add_option("--messages", options.messages, "A second, from one to another.")
      ->check(CLI::Range(0.1, 1e5))
      ->capture_default_str();
  app.add_option("--entries", options.entries, "Of inboxes, that are there before.")
      ->capture_default_str();
  app.add_option("--every", options.every, "Seconds from one sample to the next.")
      ->check(CLI::Range(0.1, 1e4))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Of all chance but that of threads.")
      ->capture_default_str();
  app.add_option("--server", options.server, "Another linnet than the one that was built.");
  app.add_option("--csv", options.csv, "Where the samples are written.")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    bench::raise_file_limit();
    bench::catch_signals();
    return Soak(options).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "soak: %s\n", error.what());
    return 2;
  }
}
