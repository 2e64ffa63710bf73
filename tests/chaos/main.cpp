// ./dev chaos: clients write and read through a bad network, one kind of badness after the other,
// and what they were told is compared with what is there.
#include "fault_proxy.hpp"
#include "lossy_wire.hpp"
#include "support/kept.hpp"
#include "support/secret_file.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <random>
#include <thread>

using namespace linnet;
using namespace linnet::test;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kWriters = 32;
constexpr std::uint64_t kMutantRuns = 10;

struct Mode {
  std::string name;
  std::vector<Fault> faults;
  bool both_doors = false;  // of every second writer
  bool wire = false;        // of packets, which have faults of their own
};

const std::vector<Mode>& modes() {
  static const std::vector<Mode> all = {
      {"bytes", {Fault::kBytes}},
      {"segments", {Fault::kSegments}},
      {"stalls", {Fault::kStalls}},
      {"reset", {Fault::kReset}},
      {"half-close", {Fault::kHalfClose}},
      // The others write more than these can read.
      {"slow", {Fault::kSlow, Fault::kSegments}},
      {"blackhole", {Fault::kBlackhole}},
      {"cut", {Fault::kCut}},
      {"doors", {Fault::kCut, Fault::kReset, Fault::kSegments}, true},
      {"mixed",
       {Fault::kBytes, Fault::kSegments, Fault::kStalls, Fault::kReset, Fault::kHalfClose,
        Fault::kSlow, Fault::kBlackhole, Fault::kCut},
       true},
      {"packets", {}, true, true},
  };
  return all;
}

struct Mutant {
  Mistake mistake = Mistake::kNone;
  std::string sentence;  // of the fault that it must cause
};

const std::map<std::string, Mutant>& mutants() {
  static const std::map<std::string, Mutant> all = {
      {"new-ids", {Mistake::kNewIds, "' a second time"}},
      {"early-claim", {Mistake::kEarlyClaim, "' is lost, though acknowledged"}},
      {"lost-push", {Mistake::kLostPush, ": a gap after "}},
  };
  return all;
}

struct Options {
  std::vector<std::string> modes;
  double seconds = 10;
  std::uint64_t seed = 1;
  std::uint64_t cut_within_ms = static_cast<std::uint64_t>(kPatience.count());
  std::string mutant;
};

struct Result {
  bool skipped = false;
  Network::Counts network;
  std::size_t told = 0;
  std::size_t recovered = 0;
  std::size_t pushed = 0;
  std::size_t heard_live = 0;
  std::vector<std::string> faults;
};

bool has(const Mode& mode, Fault fault) {
  return std::count(mode.faults.begin(), mode.faults.end(), fault) > 0;
}

// Where peers fall silent, the server gives them up after less than two heartbeats.
std::vector<std::string> arguments_of(const Mode& mode) {
  auto arguments = server_arguments();
  auto set = [&](const std::string& setting) {
    arguments.insert(arguments.end(), {"--set", setting});
  };
  set("session.page_entries=20");
  if (has(mode, Fault::kSlow)) set("session.outbox_bytes=8192");
  if (!has(mode, Fault::kBlackhole) && !has(mode, Fault::kHalfClose) && !mode.wire)
    return arguments;
  for (const char* setting : {"session.tcp_idle_s=2", "session.ws_idle_s=2", "http.idle_s=2",
                              "http.head_timeout_ms=2000", "session.sign_in_timeout_ms=2000"})
    set(setting);
  return arguments;
}

// Clients on threads of their own, again and again over new connections until they are stopped.
class Crowd {
 public:
  Crowd(const World& world, History& history, const Mode& mode, const Options& options,
        std::uint64_t seed, Ports ports) {
    const auto mistake =
        options.mutant.empty() ? Mistake::kNone : mutants().at(options.mutant).mistake;
    for (std::size_t who = 0; who < kWriters; ++who) {
      Sender::Options own;
      own.both_doors = mode.both_doors && who % 2 == 0;
      own.mistake = mistake;
      own.tolerance = kTolerance;
      senders_.push_back(std::make_unique<Sender>(world, history, who, seed * 1000 + who, own));
      start(*senders_.back(), seed * 1000 + who, ports);
    }
    for (std::size_t who = 0; who < kUsers; who += 4) {
      listeners_.push_back(
          std::make_unique<Listener>(world, history, who, Listener::Options{mistake, kTolerance}));
      start(*listeners_.back(), seed * 1000 + kUsers + who, ports);
    }
  }
  ~Crowd() {
    leave();
    join();
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Whoever loses its connection does not come back.
  void leave() { leaving_ = true; }
  void join() {
    for (auto& thread : threads_)
      thread.join();
    threads_.clear();
  }
  const std::vector<std::unique_ptr<Sender>>& senders() const { return senders_; }
  std::size_t pushed() const { return pushed_to(listeners_); }
  std::size_t heard_live() const { return heard_live_by(senders_); }
  std::vector<std::string> problems() const {
    std::vector<std::string> all;
    add_problems(senders_, all);
    add_problems(listeners_, all);
    return all;
  }

 private:
  // A request of which the end does not come has its time; a sign-in that is late takes the place
  // of a later one; an answer may be lost, or come at 1 KB/s.
  inline static const Tolerance kTolerance{{pb::EC_TIMEOUT, pb::EC_DEVICE_REPLACED}, true};

  template <class Client>
  void start(Client& client, std::uint64_t seed, Ports ports) {
    threads_.emplace_back([this, &client, seed, ports] {
      std::mt19937_64 random(seed);
      while (!leaving_) {
        client.run(ports);
        std::this_thread::sleep_for(milliseconds(random() % 20));
      }
    });
  }

  std::vector<std::unique_ptr<Sender>> senders_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::atomic<bool> leaving_{false};
  std::vector<std::thread> threads_;
};

// A server, and a bad network before it.
class Scene {
 public:
  Scene(const std::filesystem::path& data, const Mode& mode, const Options& options,
        std::uint64_t seed) {
    if (mode.wire) {
      open_wire(data, mode, seed);
      return;
    }
    server_ = std::make_unique<ServerProcess>(data, arguments_of(mode));
    proxy_ = std::make_unique<FaultProxy>(
        FaultProxy::Options{direct(), mode.faults, seed, milliseconds(options.cut_within_ms)});
  }
  // False: the machine does not allow it.
  bool there() const { return server_ != nullptr; }
  ServerProcess& server() { return *server_; }
  Network& network() { return proxy_ ? static_cast<Network&>(*proxy_) : *wire_; }
  // Where the server is without faults: past a proxy; over the wire once end_faults() was called,
  // when the network is closed and the clients have gone.
  Ports direct() const { return {server_->tcp_port(), server_->http_port()}; }
  void end_faults() {
    if (wire_) wire_->be_good();
  }

 private:
  // Its doors are not on loopback, where a server in development mode has them: it has a hook that
  // nobody asks.
  void open_wire(const std::filesystem::path& data, const Mode& mode, std::uint64_t seed) {
    wire_ = LossyWire::open(seed);
    if (!wire_) return;
    auto arguments = arguments_of(mode);
    const auto anywhere = std::string(LossyWire::kServerAddress) + ":0";
    arguments.insert(arguments.end(), {"--tcp-listen", anywhere, "--http-listen", anywhere, "--set",
                                       "codes.hook=http://127.0.0.1:9/", "--set",
                                       "hook.secret_file=" + write_secret(secret_)});
    wire_->at_server([&] { server_ = std::make_unique<ServerProcess>(data, arguments); });
    wire_->begin({server_->tcp_port(), server_->http_port()});
  }

  TempDir secret_;
  std::unique_ptr<LossyWire> wire_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<FaultProxy> proxy_;
};

void play(const World& world, const Mode& mode, const Options& options, std::uint64_t seed,
          const std::filesystem::path& data, Result& result) {
  std::filesystem::copy(world.data, data, std::filesystem::copy_options::recursive);
  History history;
  Scene scene(data, mode, options, seed);
  result.skipped = !scene.there();
  if (result.skipped) return;
  auto& server = scene.server();
  auto& network = scene.network();
  Crowd crowd(world, history, mode, options, seed, network.ports());

  const auto began = std::chrono::steady_clock::now();
  const auto enough = began + milliseconds(static_cast<std::int64_t>(options.seconds * 1000));
  const auto latest = enough + kPatience;
  for (auto now = began; now < latest && server.running(); now = std::chrono::steady_clock::now()) {
    const bool heard = crowd.pushed() > 0 && crowd.heard_live() > 0;
    if (now >= enough && network.struck() && history.messages_told() > 0 && heard) break;
    std::this_thread::sleep_for(milliseconds(10));
  }
  if (!network.struck()) result.faults.push_back("the network was good");
  if (history.messages_told() == 0) result.faults.push_back("nothing was acknowledged");
  crowd.leave();
  result.network = network.close();
  crowd.join();
  result.pushed = crowd.pushed();
  result.heard_live = crowd.heard_live();
  if (result.pushed == 0) result.faults.push_back("nobody was pushed anything");
  if (result.heard_live == 0) result.faults.push_back("nobody heard anything in a room");

  scene.end_faults();
  Look look;
  if (server.running()) look = look_around(world, history, crowd.senders(), scene.direct());
  server.stop();
  if (server.status() != 0)
    result.faults.push_back("the server ended with status " + std::to_string(server.status()) +
                            ": " + last_words(server.log()));
  result.told = history.messages_told();
  result.recovered = look.recovered;
  auto add = [&](const std::vector<std::string>& faults) {
    result.faults.insert(result.faults.end(), faults.begin(), faults.end());
  };
  add(result.network.faults);
  add(look.faults);
  add(crowd.problems());
  add(history.faults());
}

// Whatever goes wrong is this run's, whose seed and directory tell more.
Result run_mode(const World& world, const Mode& mode, const Options& options, std::uint64_t seed) {
  TempDir dir;
  Result result;
  try {
    play(world, mode, options, seed, dir.path() / "data", result);
  } catch (const std::exception& error) {
    result.faults.push_back(last_words(error.what()));
  }
  if (options.mutant.empty() && !result.faults.empty())
    result.faults.push_back(
        keep(dir.path(), "linnet-chaos-" + mode.name + "-" + std::to_string(seed)));
  return result;
}

void tell(const Mode& mode, const Options& options, std::uint64_t seed, const Result& result) {
  if (result.skipped) {
    std::printf("%-10s left out: no network namespaces, or no TUN device, for who runs this\n",
                mode.name.c_str());
    return;
  }
  const auto& network = result.network;
  std::printf(
      "%-10s %7zu connections, %9zu bytes, %6zu struck, %5zu dead and cut after at most %lld ms,"
      " %7zu acknowledged, %4zu recovered, %zu pushed, %zu in rooms: %s\n",
      mode.name.c_str(), network.connections, network.bytes, network.struck, network.dead,
      static_cast<long long>(network.longest.count()), result.told, result.recovered, result.pushed,
      result.heard_live, result.faults.empty() ? "good" : "FAULTY");
  for (std::size_t i = 0; i < result.faults.size() && i < 10; ++i)
    std::printf("  %s\n", result.faults[i].c_str());
  if (!result.faults.empty())
    std::printf("  %zu faults; again: ./dev chaos --modes %s --seconds %g --seed %llu%s%s\n",
                result.faults.size(), mode.name.c_str(), options.seconds,
                static_cast<unsigned long long>(seed), options.mutant.empty() ? "" : " --mutant ",
                options.mutant.c_str());
  std::fflush(stdout);
}

bool mentions(const std::vector<std::string>& faults, const std::string& sentence) {
  return std::any_of(faults.begin(), faults.end(), [&](const std::string& fault) {
    return fault.find(sentence) != std::string::npos;
  });
}

// 1 when there were faults; of a mutant, when there were those that it must have.
int run(const Options& options) {
  TempDir dir;
  const auto world = make_world(dir.path() / "world");
  std::size_t told = 0;
  std::size_t faulty = 0;
  std::uint64_t done = 0;
  const auto times = options.mutant.empty() ? 1 : kMutantRuns;
  bool found_out = false;
  for (std::uint64_t i = 0; i < times && !found_out; ++i) {
    for (const auto& mode : modes()) {
      if (std::count(options.modes.begin(), options.modes.end(), mode.name) == 0) continue;
      const auto result = run_mode(world, mode, options, options.seed + i);
      tell(mode, options, options.seed + i, result);
      told += result.told;
      if (!result.faults.empty()) ++faulty;
      if (!options.mutant.empty() && mentions(result.faults, mutants().at(options.mutant).sentence))
        found_out = true;
      ++done;
    }
  }
  std::printf("%llu runs, %zu messages acknowledged, %zu runs with faults\n",
              static_cast<unsigned long long>(done), told, faulty);
  if (options.mutant.empty()) return faulty == 0 ? 0 : 1;
  std::puts(found_out ? "the mutant was found out" : "the mutant was NOT found out");
  return found_out ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::vector<std::string> names;
  for (const auto& mode : modes())
    names.push_back(mode.name);
  std::vector<std::string> wrong;
  for (const auto& [name, mutant] : mutants())
    wrong.push_back(name);
  options.modes = names;
  CLI::App app{
      "Clients write and read through a network with faults, and everything they were told is"
      " looked for at the end. Exit status 1 when anything is lost, doubled or turned.",
      "./dev chaos"};
  app.add_option("--modes", options.modes, "Which faults, separated by commas; all of them.")
      ->delimiter(',')
      ->check(CLI::IsMember(names));
  app.add_option("--seconds", options.seconds, "How long each of them.")
      ->check(CLI::Range(0.1, 1e6))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Of all chance but that of threads.")
      ->capture_default_str();
  app.add_option("--cut-within", options.cut_within_ms,
                 "Milliseconds in which the server must end a connection that has died; it is"
                 " started to do so after 2 seconds, two heartbeats being 3.")
      ->capture_default_str();
  app.add_option(
         "--mutant", options.mutant,
         "Clients that are wrong, which must be found, by the fault that is theirs: the exit"
         " status is then 1.")
      ->check(CLI::IsMember(wrong));
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chaos: %s\n", error.what());
    return 2;
  }
}
