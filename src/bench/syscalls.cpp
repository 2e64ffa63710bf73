#include "syscalls.hpp"

#include "people.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace linnet::bench {
namespace {

constexpr const char* kEvent = "raw_syscalls:sys_enter";
constexpr double kStarting = 0.7;  // seconds until perf counts

}  // namespace

SyscallCounter::SyscallCounter(pid_t pid)
    : file_((std::filesystem::temp_directory_path() /
             ("linnet-syscalls-" + std::to_string(::getpid())))
                .string()) {
  const auto target = std::to_string(pid);
  const auto parent = ::getpid();
  perf_ = ::fork();
  if (perf_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    const int nothing = ::open("/dev/null", O_WRONLY);
    dup2(nothing, 1);
    dup2(nothing, 2);
    ::execlp("perf", "perf", "stat", "-x,", "-e", kEvent, "-p", target.c_str(), "-o", file_.c_str(),
             nullptr);
    _exit(127);
  }
  if (perf_ > 0) rest(kStarting);
}

SyscallCounter::~SyscallCounter() {
  stop();
}

std::optional<double> SyscallCounter::stop() {
  if (perf_ <= 0) return std::nullopt;
  ::kill(perf_, SIGINT);
  ::waitpid(perf_, nullptr, 0);
  perf_ = -1;
  // COUNT,UNIT,EVENT,...
  std::optional<double> found;
  std::ifstream lines(file_);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(kEvent) == std::string::npos) continue;
    char* end = nullptr;
    const double count = std::strtod(line.c_str(), &end);
    if (end != line.c_str()) found = count;
  }
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
  return found;
}

}  // namespace linnet::bench
