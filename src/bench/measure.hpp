// What is read off the kernel: clocks, CPU time, memory, the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <sys/types.h>

namespace linnet::bench {

using Nanos = std::int64_t;

inline constexpr Nanos kSecond = 1'000'000'000;
inline constexpr Nanos kMilli = 1'000'000;

// Monotonic.
Nanos now();
Nanos seconds(double count);

// CPU time of this process and of a child, user and system. The child's is that of
// /proc/PID/stat, from the CPU clock of the process, which does not round to 10 ms.
Nanos own_cpu();
Nanos cpu_of(pid_t pid);
// Of each thread of a process, by its id.
std::map<pid_t, Nanos> threads_cpu(pid_t pid);

struct Memory {
  double rss = 0;       // bytes; all that is resident
  double rss_anon = 0;  // bytes; of that, heap and stacks
  double threads = 0;
};
Memory memory_of(pid_t pid);

// CPU time that neither this process nor the children it has waited for used, as a share of all
// cores' time since construction. Children must have ended when it is asked.
class ForeignCpu {
 public:
  ForeignCpu();
  // `known`: of others that are no strangers.
  double share(Nanos known) const;

 private:
  Nanos begin_;
  double busy_;  // seconds
  double ours_;
};

// The soft limit of open files becomes the hard one; gives it.
std::size_t raise_file_limit();

// Appends 300 bytes and calls fdatasync, `count` times: the median and the mean CPU time of one.
struct DiskCost {
  double median_ns = 0;
  double cpu_ns = 0;
};
DiskCost measure_disk(const std::filesystem::path& directory, int count);

// 300 bytes to another thread and back over TCP on loopback, `count` times: the median.
double measure_round_trip(int count);

// "2 cores, Linux 6.1, ext4 …"
std::string describe_machine(const std::filesystem::path& directory);

}  // namespace linnet::bench
