// ./dev crash full: fills the disk under servers with load, on a small file system in memory, makes
// room again, and looks for what was lost.
#include "crowd.hpp"
#include "support/kept.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

using namespace linnet;
using namespace linnet::test;
namespace fs = std::filesystem;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

namespace {

constexpr int kSkipped = 77;
constexpr std::size_t kMegabyte = 1024 * 1024;

struct Options {
  int runs = 50;
  std::uint64_t seed = 1;
};

// A name space of mounts of our own; false where that is not allowed.
bool own_mounts() {
  if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

class SmallDisk {
 public:
  SmallDisk(fs::path at, std::size_t size) : at_(std::move(at)) {
    fs::create_directory(at_);
    mounted_ =
        mount("tmpfs", at_.c_str(), "tmpfs", 0, ("size=" + std::to_string(size)).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  // Up to `room` bytes.
  void fill(std::size_t room) const {
    const int fd = open((at_ / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) throw std::runtime_error("no filler");
    // The server writes meanwhile: what it has just taken is not there, and then nothing is given.
    int failed = ENOSPC;
    while (failed == ENOSPC || failed == EINTR) {
      const auto free = fs::space(at_).free;
      if (free <= room) break;
      failed = posix_fallocate(fd, 0, static_cast<off_t>(free - room));
    }
    close(fd);
  }
  void make_room() const { fs::remove(at_ / "filler"); }

 private:
  fs::path at_;
  bool mounted_ = false;
};

template <class Condition>
bool eventually(Condition condition) {
  for (const auto end = Steady::now() + kPatience; Steady::now() < end;
       std::this_thread::sleep_for(milliseconds(5)))
    if (condition()) return true;
  return false;
}

struct Found {
  std::size_t told = 0;
  milliseconds back{0};  // from room to ready
  std::vector<std::string> faults;
};

class Trial {
 public:
  Trial(const World& world, std::uint64_t seed)
      : world_(world),
        random_(seed),
        disk_(dir_.path() / "disk", (20 + random_() % 44) * kMegabyte),
        data_(dir_.path() / "disk" / "data"),
        seed_(seed),
        crowd_(world, history_, seed, 4,
               {.tolerance = {{pb::EC_STORAGE, pb::EC_SERVER_BUSY}, false}}) {}

  // Whatever goes wrong is this run's, whose seed and directory tell more.
  Found run() {
    if (!disk_.mounted()) throw std::runtime_error("no small file system");
    try {
      fill_and_look();
    } catch (const std::exception& error) {
      found_.faults.push_back(last_words(error.what()));
    }
    found_.told = history_.messages_told();
    auto faults = history_.faults();
    found_.faults.insert(found_.faults.end(), faults.begin(), faults.end());
    if (!found_.faults.empty())
      found_.faults.push_back(keep(dir_.path(), "linnet-full-" + std::to_string(seed_)));
    return std::move(found_);
  }

 private:
  void fill_and_look() {
    fs::copy(world_.data, data_, fs::copy_options::recursive);
    ServerProcess server(data_, server_arguments());
    const Ports ports{server.tcp_port(), server.http_port()};
    crowd_.start(ports);
    std::this_thread::sleep_for(milliseconds(random_() % 150));
    for (int times = 1 + static_cast<int>(random_() % 2); times > 0; --times)
      fill_and_make_room(ports);
    crowd_.tell_to_stop();
    server.kill();
    crowd_.stop();
    const auto problems = crowd_.problems();
    found_.faults.insert(found_.faults.end(), problems.begin(), problems.end());
    expect(crowd_.pushed() > 0, "nobody was pushed anything");
    expect(server.status() == 128 + SIGKILL, "the server ended by itself");
    look();
  }

  void expect(bool good, const char* what) {
    if (!good) found_.faults.emplace_back(what);
  }

  bool ready(Ports ports) { return http(ports.http, "GET", "/readyz").status == 200; }

  void fill_and_make_room(Ports ports) {
    disk_.fill(random_() % 400'000);
    expect(eventually([&] { return !ready(ports); }), "a full disk is not told of by /readyz");
    // Somebody who is no sender.
    try {
      auto connection = LongConnection::sign_in(LongConnection::Door::kTcp, ports.tcp, ports.http,
                                                world_.readers[1]);
      connection.sync(0);
      connection.send(pb::PT_HEARTBEAT, 0, {});
      while (connection.receive()->type() != pb::PT_HEARTBEAT) {
      }
    } catch (const std::exception& error) {
      found_.faults.push_back(std::string("on a full disk nothing is read: ") + error.what());
    }
    const auto room = Steady::now();
    disk_.make_room();
    expect(eventually([&] { return ready(ports); }), "it does not go on when there is room");
    found_.back =
        std::max(found_.back, std::chrono::duration_cast<milliseconds>(Steady::now() - room));
    const auto before = history_.messages_told();
    expect(eventually([&] { return history_.messages_told() > before + 100; }),
           "nobody is acknowledged when there is room");
  }

  void look() {
    ServerProcess server(data_, server_arguments());
    const auto look =
        look_around(world_, history_, crowd_.senders(), {server.tcp_port(), server.http_port()});
    found_.faults.insert(found_.faults.end(), look.faults.begin(), look.faults.end());
    expect(server.stop() == 0, "the server did not stop well");
    const auto check = run_program(LINNET_BINARY, {"check", "--data-dir", data_.string()});
    expect(check.status == 0, "the database is not sound");
  }

  const World& world_;
  std::mt19937_64 random_;
  TempDir dir_;
  SmallDisk disk_;
  fs::path data_;
  std::uint64_t seed_;
  History history_;
  Crowd crowd_;
  Found found_;
};

int run(const Options& options) {
  if (!own_mounts()) {
    std::printf("skipped: no mounts of our own: %s\n", std::strerror(errno));
    return kSkipped;
  }
  TempDir dir;
  const auto world = make_world(dir.path() / "world");
  int faulty = 0;
  std::size_t told = 0;
  milliseconds back{0};
  for (int i = 0; i < options.runs; ++i) {
    const auto seed = options.seed + static_cast<std::uint64_t>(i);
    const auto found = Trial(world, seed).run();
    told += found.told;
    back = std::max(back, found.back);
    if (found.faults.empty()) continue;
    ++faulty;
    std::printf("seed %llu: FAULTY; again: ./dev crash full --runs 1 --seed %llu\n",
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed));
    for (std::size_t n = 0; n < found.faults.size() && n < 10; ++n)
      std::printf("  %s\n", found.faults[n].c_str());
    std::fflush(stdout);
  }
  std::printf(
      "%d servers on full disks, %zu messages acknowledged, ready again at most %lld ms after there"
      " was room, %d runs with faults\n",
      options.runs, told, static_cast<long long>(back.count()), faulty);
  return faulty == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Fills the disk under servers with load, and looks for what they lost.",
               "./dev crash full"};
  app.add_option("--runs", options.runs, "How many servers.")->capture_default_str();
  app.add_option("--seed", options.seed, "Of the first run; each next one has the next.")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "full: %s\n", error.what());
    return 2;
  }
}
