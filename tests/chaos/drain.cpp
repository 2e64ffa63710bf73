// ./dev chaos drain: restarts a server under load, with as many devices connected as there may be,
// and looks for what was lost, who was not told, and who came back when.
#include "drain_member.hpp"
#include "support/kept.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <poll.h>
#include <random>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

using namespace linnet;
using namespace linnet::test;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kSenders = 16;
// Each message to a large group goes to all readers: a few are a load.
constexpr milliseconds kPause{100};
constexpr std::size_t kSpareFiles = 1000;
constexpr std::size_t kThreads = 4;
constexpr std::size_t kTenths = 10;
constexpr std::size_t kEnough = 200;  // to say anything about how they are spread
constexpr std::chrono::seconds kMayTake{10};

struct Options {
  std::size_t connections = 1000;
  std::uint64_t runs = 2;
  std::uint64_t seed = 1;
};

struct Result {
  std::string when;
  std::size_t told = 0;  // messages acknowledged
  std::size_t recovered = 0;
  std::size_t goodbyes = 0;
  milliseconds stopping{0};       // the longer of the two
  milliseconds longest_pause{0};  // that any device was asked for
  double fullest_tenth = 0;       // the part of the devices that was asked to come back within it
  std::vector<std::string> faults;
};

std::size_t allowed(std::size_t wanted) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const auto most = static_cast<std::size_t>(files.rlim_cur) - kSpareFiles;
  if (wanted > most) std::printf("%zu connections: as many as there may be\n", most);
  return std::min(wanted, most);
}

template <class Work>
void on_threads(std::size_t count, Work work) {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::exception_ptr failed;
  for (std::size_t first = 0; first < kThreads; ++first) {
    threads.emplace_back([&, first] {
      try {
        for (auto i = first; i < count; i += kThreads)
          work(i);
      } catch (...) {
        std::lock_guard lock(mutex);
        failed = std::current_exception();
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  if (failed) std::rethrow_exception(failed);
}

// The first of them share the users of the world, the others are people of their own.
std::vector<Device> make_devices(const World& world, std::size_t count) {
  std::vector<Device> devices(count);
  ServerProcess server(world.data, server_arguments());
  on_threads(count, [&](std::size_t i) {
    const auto who = i % kUsers;
    const auto phone = std::to_string(i < kReaders ? 1000 + who : 100'000 + i);
    devices[i] = {sign_in(server.http_port(), phone), inbox_log(who)};
  });
  if (server.stop() != 0) throw std::runtime_error("the server of the devices did not end well");
  return devices;
}

// Two servers after each other under load, and a third to look at what is there.
class Run {
 public:
  Run(const World& world, const std::vector<Device>& devices, std::uint64_t seed)
      : world_(world),
        seed_(seed),
        random_(seed),
        data_(dir_.path() / "data"),
        checkpoint_(seed % 2 == 0) {
    std::filesystem::copy(world.data, data_, std::filesystem::copy_options::recursive);
    for (std::size_t i = 0; i < devices.size(); ++i)
      members_.push_back(std::make_unique<Member>(world, devices[i], i, history_));
    for (std::size_t who = 0; who < kSenders; ++who)
      senders_.push_back(std::make_unique<Sender>(
          world, history_, who, seed * 1000 + who,
          Sender::Options{.tolerance = {{pb::EC_SHUTTING_DOWN}, false}, .pause = kPause}));
    result_.when = checkpoint_ ? "during a checkpoint" : "at any moment";
  }

  ~Run() { end(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Whatever goes wrong is this run's, whose seed and directory tell more.
  Result run() {
    try {
      restart_twice();
      look();
      judge_pauses();
    } catch (const std::exception& error) {
      fault(last_words(error.what()));
    }
    end();
    result_.told = history_.messages_told();
    if (!result_.faults.empty()) fault(keep(dir_.path(), "linnet-drain-" + std::to_string(seed_)));
    return std::move(result_);
  }

 private:
  void restart_twice() {
    server_ = start(checkpoint_);
    on_threads(members_.size(), [this](std::size_t i) { members_[i]->connect(ports_); });
    back_ = members_.size();
    for (std::size_t first = 0; first < kThreads; ++first)
      threads_.emplace_back([this, first] { serve_members(first); });
    for (auto& sender : senders_)
      threads_.emplace_back([this, &sender] {
        while (!leaving_) {
          sender->run(ports_);
          std::this_thread::sleep_for(milliseconds(20));
        }
      });

    if (!wait_until(kPatience, [this] { return history_.messages_told() > 0; }))
      fault("nothing was acknowledged by the first server");
    std::this_thread::sleep_for(milliseconds(random_() % 700));
    const bool ends_itself = checkpoint_ && wait_until(kPatience, [&] {
                               return server_->log().find("stopping") != std::string::npos;
                             });
    if (checkpoint_ && !ends_itself) fault("there was no checkpoint");
    stop(*server_, ends_itself);
    server_ = start(false);
    if (!wait_until(kPatience + wire::kLongestPause, [this] { return back_ == members_.size(); }))
      fault(std::to_string(members_.size() - back_) + " devices did not come back");
    const auto told = history_.messages_told();
    if (!wait_until(kPatience, [&] { return history_.messages_told() > told; }))
      fault("nothing was acknowledged by the second server");
    if (pushed_to(members_) == 0) fault("nobody was pushed anything");
    leaving_ = true;
    stop(*server_);
    end();
    if (heard_live_by(senders_) == 0) fault("nobody heard anything in a room");
  }

  void end() {
    leaving_ = true;
    server_.reset();
    for (auto& thread : threads_)
      thread.join();
    threads_.clear();
  }

  std::unique_ptr<ServerProcess> start(bool ends_itself) {
    auto arguments = server_arguments();
    arguments.insert(arguments.end(), doors_.begin(), doors_.end());
    Launch launch;
    if (checkpoint_) arguments.insert(arguments.end(), {"--set", "store.merge_after=64"});
    if (ends_itself)
      launch.environment = {std::string("LD_PRELOAD=") + LINNET_CRASH_POINT, "CRASH_SIGNAL=TERM",
                            "CRASH_POINT=db:" + std::to_string(1 + random_() % 100)};
    auto server = std::make_unique<ServerProcess>(data_, std::move(arguments), launch);
    // The same each time, and read by others from the first on.
    if (ports_.tcp == 0) ports_ = {server->tcp_port(), server->http_port()};
    return server;
  }

  // A second signal would end it at once.
  void stop(ServerProcess& server, bool ends_itself = false) {
    const auto began = Clock::now();
    const int status = ends_itself ? server.wait() : server.stop();
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
    result_.stopping = std::max(result_.stopping, took);
    if (status != 0) fault("the server ended with status " + std::to_string(status));
    if (took >= kMayTake) fault("the server took " + std::to_string(took.count()) + " ms to end");
  }

  template <class Condition>
  static bool wait_until(milliseconds limit, Condition condition) {
    const auto deadline = Clock::now() + limit;
    while (!condition()) {
      if (Clock::now() >= deadline) return false;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
  }

  void fault(const std::string& sentence) {
    std::lock_guard lock(mutex_);
    result_.faults.push_back(sentence);
  }

  // Every so manieth of them: reads, and brings back who was sent away.
  void serve_members(std::size_t first) {
    std::vector<Member*> mine;
    for (auto i = first; i < members_.size(); i += kThreads)
      mine.push_back(members_[i].get());
    std::vector<pollfd> waits;
    std::vector<Member*> waiting;
    for (;;) {
      waits.clear();
      waiting.clear();
      for (auto* member : mine) {
        if (!member->connected()) continue;
        waits.push_back({member->handle(), POLLIN, 0});
        waiting.push_back(member);
      }
      if (waiting.empty() && leaving_) return;
      ::poll(waits.data(), waits.size(), 5);
      for (std::size_t i = 0; i < waits.size(); ++i)
        if (waits[i].revents != 0) read(*waiting[i]);
      if (leaving_) continue;
      for (auto* member : mine)
        if (!member->connected() && Clock::now() >= member->due) come_back(*member);
    }
  }

  void read(Member& member) {
    bool open = false;
    try {
      open = member.read();
    } catch (const ProtocolError& error) {
      fault(error.what());
    } catch (const Refused& error) {
      fault(error.what());
    } catch (const std::exception&) {
      // Ended without a word.
    }
    if (open) return;
    --back_;
    const auto pause = member.goodbye();
    if (!pause) fault("a device was sent away without a word, or without a pause");
    member.due = Clock::now() + pause.value_or(milliseconds(0));
    std::lock_guard lock(mutex_);
    if (pause) pauses_.push_back(*pause);
  }

  void come_back(Member& member) {
    try {
      member.connect(ports_);
      ++back_;
    } catch (const ProtocolError& error) {
      fault(error.what());
      member.due = Clock::now() + milliseconds(50);
    } catch (const std::exception&) {
      member.due = Clock::now() + milliseconds(50);
    }
  }

  void look() {
    auto server = start(false);
    auto look = look_around(world_, history_, senders_, {server->tcp_port(), server->http_port()});
    stop(*server);
    result_.recovered = look.recovered;
    const auto add = [this](const std::vector<std::string>& faults) {
      result_.faults.insert(result_.faults.end(), faults.begin(), faults.end());
    };
    add(look.faults);
    add_problems(senders_, result_.faults);
    add(history_.faults());
  }

  void judge_pauses() {
    result_.goodbyes = pauses_.size();
    if (pauses_.size() < kEnough) return;
    result_.longest_pause = *std::max_element(pauses_.begin(), pauses_.end());
    std::array<std::size_t, kTenths> tenths{};
    for (const auto pause : pauses_)
      ++tenths[static_cast<std::size_t>(pause.count()) * kTenths /
               (static_cast<std::size_t>(result_.longest_pause.count()) + 1)];
    const auto fullest = *std::max_element(tenths.begin(), tenths.end());
    result_.fullest_tenth = static_cast<double>(fullest) / static_cast<double>(pauses_.size());
    if (fullest > 2 * pauses_.size() / kTenths) fault("they were asked to come back all at once");
  }

  const World& world_;
  TempDir dir_;
  std::uint64_t seed_;
  std::mt19937_64 random_;
  std::filesystem::path data_;
  bool checkpoint_;
  const std::vector<std::string> doors_ = lasting_ports();
  Ports ports_;
  History history_;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<std::unique_ptr<Sender>> senders_;
  std::atomic<std::size_t> back_{0};
  std::atomic<bool> leaving_{false};
  std::unique_ptr<ServerProcess> server_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::vector<milliseconds> pauses_;
  Result result_;
};

void tell(const Options& options, std::uint64_t seed, const Result& result) {
  std::printf(
      "seed %llu: stopped %s in at most %lld ms, %zu goodbyes, back within %lld ms, %.0f %% of them"
      " in the fullest tenth of that, %zu messages acknowledged, %zu recovered: %s\n",
      static_cast<unsigned long long>(seed), result.when.c_str(),
      static_cast<long long>(result.stopping.count()), result.goodbyes,
      static_cast<long long>(result.longest_pause.count()), 100 * result.fullest_tenth, result.told,
      result.recovered, result.faults.empty() ? "good" : "FAULTY");
  for (std::size_t i = 0; i < result.faults.size() && i < 10; ++i)
    std::printf("  %s\n", result.faults[i].c_str());
  if (!result.faults.empty())
    std::printf("  %zu faults; again: ./dev chaos drain --connections %zu --runs 1 --seed %llu\n",
                result.faults.size(), options.connections, static_cast<unsigned long long>(seed));
  std::fflush(stdout);
}

int run(Options options) {
  options.connections = allowed(options.connections);
  TempDir dir;
  const auto world = make_world(dir.path() / "world");
  const auto devices = make_devices(world, options.connections);
  std::size_t told = 0;
  std::size_t goodbyes = 0;
  std::uint64_t failed = 0;
  for (std::uint64_t i = 0; i < options.runs; ++i) {
    const auto result = Run(world, devices, options.seed + i).run();
    tell(options, options.seed + i, result);
    told += result.told;
    goodbyes += result.goodbyes;
    if (!result.faults.empty()) ++failed;
  }
  std::printf("%llu restarts, %zu goodbyes, %zu messages acknowledged, %llu runs with faults\n",
              static_cast<unsigned long long>(2 * options.runs), goodbyes, told,
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Restarts servers under load with devices connected. Each must be told when to come back, and"
      " everything they were told is looked for at the end. Exit status 1 when there is a fault.",
      "./dev chaos drain"};
  app.add_option("--connections", options.connections, "Devices that stay connected.")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--runs", options.runs, "Servers to restart; every other one in a checkpoint.")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Of the first run; each next one has the next.")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "drain: %s\n", error.what());
    return 2;
  }
}
