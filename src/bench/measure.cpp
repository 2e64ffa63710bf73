#include "measure.hpp"

#include "report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sstream>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace linnet::bench {
namespace {

constexpr std::size_t kBytes = 300;  // about what a small message takes

Nanos read_clock(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) throw std::runtime_error("a clock cannot be read");
  return time.tv_sec * kSecond + time.tv_nsec;
}

double used_by(int who) {
  rusage usage{};
  getrusage(who, &usage);
  auto in_seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
}

double ours() {
  return used_by(RUSAGE_SELF) + used_by(RUSAGE_CHILDREN);
}

// Seconds that all cores together were busy.
double machine_busy() {
  std::ifstream file("/proc/stat");
  std::string name;
  double user = 0;
  double nice = 0;
  double system = 0;
  double idle = 0;
  double waiting = 0;
  double irq = 0;
  double soft_irq = 0;
  double stolen = 0;
  file >> name >> user >> nice >> system >> idle >> waiting >> irq >> soft_irq >> stolen;
  return (user + nice + system + irq + soft_irq + stolen) /
         static_cast<double>(sysconf(_SC_CLK_TCK));
}

double cores() {
  return static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN));
}

std::string file_system(const std::filesystem::path& directory) {
  struct statfs info {};
  if (statfs(directory.c_str(), &info) != 0) return "unknown file system";
  switch (static_cast<unsigned long>(info.f_type)) {
    case 0xEF53UL: return "ext4";
    case 0x58465342UL: return "xfs";
    case 0x9123683EUL: return "btrfs";
    case 0x01021994UL: return "tmpfs (no disk)";
    case 0x794C7630UL: return "overlayfs";
    default: return "file system " + std::to_string(info.f_type);
  }
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    auto colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos)
      return line.substr(colon + 2);
  }
  return "processor unknown";
}

// Two ends of a TCP connection on loopback.
class LoopbackPair {
 public:
  LoopbackPair() {
    const int door = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = reinterpret_cast<sockaddr*>(&at);
    socklen_t length = sizeof at;
    here_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool made = ::bind(door, address, length) == 0 && ::listen(door, 1) == 0 &&
                      ::getsockname(door, address, &length) == 0 &&
                      ::connect(here_, address, length) == 0;
    if (made) there_ = ::accept4(door, nullptr, nullptr, SOCK_CLOEXEC);
    ::close(door);
    const int on = 1;
    for (const int end : {here_, there_})
      setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~LoopbackPair() {
    ::close(here_);
    if (there_ >= 0) ::close(there_);
  }
  LoopbackPair(const LoopbackPair&) = delete;
  LoopbackPair& operator=(const LoopbackPair&) = delete;
  int here() const { return here_; }
  int there() const { return there_; }

 private:
  int here_ = -1;
  int there_ = -1;
};

// All the bytes, by ::send or ::recv; false at the end of the connection.
template <class Call, class Bytes>
bool pass(Call call, int end, Bytes& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto some = call(end, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (some <= 0) return false;
    done += static_cast<std::size_t>(some);
  }
  return true;
}

}  // namespace

Nanos now() {
  return read_clock(CLOCK_MONOTONIC);
}

Nanos seconds(double count) {
  return static_cast<Nanos>(std::llround(count * 1e9));
}

Nanos own_cpu() {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

Nanos cpu_of(pid_t pid) {
  clockid_t clock{};
  if (clock_getcpuclockid(pid, &clock) != 0) throw std::runtime_error("the server is gone");
  return read_clock(clock);
}

std::map<pid_t, Nanos> threads_cpu(pid_t pid) {
  std::map<pid_t, Nanos> threads;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", ignored)) {
    Nanos used = 0;
    std::ifstream(entry.path() / "schedstat") >> used;
    threads[static_cast<pid_t>(std::stol(entry.path().filename().string()))] = used;
  }
  return threads;
}

Memory memory_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  Memory memory;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    double value = 0;
    words >> name >> value;
    if (name == "VmRSS:") memory.rss = value * 1024;
    if (name == "RssAnon:") memory.rss_anon = value * 1024;
    if (name == "Threads:") memory.threads = value;
  }
  if (memory.threads == 0) throw std::runtime_error("the server is gone");
  return memory;
}

ForeignCpu::ForeignCpu() : begin_(now()), busy_(machine_busy()), ours_(ours()) {}

double ForeignCpu::share(Nanos known) const {
  auto passed = static_cast<double>(now() - begin_) / 1e9 * cores();
  auto foreign = (machine_busy() - busy_) - (ours() - ours_) - static_cast<double>(known) / 1e9;
  return passed > 0 ? std::clamp(foreign / passed, 0.0, 1.0) : 0;
}

std::size_t raise_file_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  // Else the table of descriptors grows while others measure: each time all wait for it.
  const int last = ::fcntl(0, F_DUPFD_CLOEXEC, static_cast<int>(limit.rlim_cur) - 1);
  if (last >= 0) ::close(last);
  return limit.rlim_cur;
}

DiskCost measure_disk(const std::filesystem::path& directory, int count) {
  auto path = directory / "fdatasync";
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error("cannot write in " + directory.string());
  const std::array<char, kBytes> bytes{};
  std::vector<double> times;
  auto cpu = own_cpu();
  bool failed = false;
  for (int i = 0; i < count && !failed; ++i) {
    const auto begin = now();
    failed = ::write(file, bytes.data(), bytes.size()) < 0 || ::fdatasync(file) != 0;
    times.push_back(static_cast<double>(now() - begin));
  }
  auto used = static_cast<double>(own_cpu() - cpu);
  ::close(file);
  std::filesystem::remove(path);
  if (failed) throw std::runtime_error("cannot write in " + directory.string());
  return {median(std::move(times)), used / count};
}

double measure_round_trip(int count) {
  const LoopbackPair ends;
  std::array<char, kBytes> bytes{};
  std::thread echo([&] {
    std::array<char, kBytes> got{};
    while (pass(::recv, ends.there(), got) && pass(::send, ends.there(), got)) {
    }
  });
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const auto begin = now();
    if (!pass(::send, ends.here(), bytes) || !pass(::recv, ends.here(), bytes)) break;
    times.push_back(static_cast<double>(now() - begin));
  }
  ::shutdown(ends.here(), SHUT_RDWR);
  echo.join();
  return median(std::move(times));
}

std::string describe_machine(const std::filesystem::path& directory) {
  utsname system{};
  uname(&system);
  return std::to_string(std::thread::hardware_concurrency()) + " cores (" + processor() + "), " +
         system.sysname + " " + system.release + ", data on " + file_system(directory);
}

}  // namespace linnet::bench
