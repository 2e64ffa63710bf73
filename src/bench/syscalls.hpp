// How many system calls a process makes, counted by `perf` where there is one that may.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace linnet::bench {

// Counts from soon after its construction to stop(). It makes each call a little dearer: not while
// CPU time is measured.
class SyscallCounter {
 public:
  explicit SyscallCounter(pid_t pid);
  ~SyscallCounter();
  SyscallCounter(const SyscallCounter&) = delete;
  SyscallCounter& operator=(const SyscallCounter&) = delete;

  // Nothing where perf is not there or may not. Once.
  std::optional<double> stop();

 private:
  std::string file_;
  pid_t perf_ = -1;
};

}  // namespace linnet::bench
