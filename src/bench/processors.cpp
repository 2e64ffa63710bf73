#include "processors.hpp"

#include <filesystem>
#include <fstream>
#include <sched.h>
#include <string>
#include <thread>
#include <vector>

namespace linnet::bench {
namespace {

constexpr std::size_t kServers = 0;
constexpr std::size_t kGenerator = 1;

cpu_set_t allowed() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  return set;
}

const cpu_set_t& allowed_at_first() {
  static const cpu_set_t set = allowed();
  return set;
}

void run_on(std::size_t processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  sched_setaffinity(0, sizeof set, &set);
}

struct SoftIrqThread {
  std::string schedstat;  // its file
  bool of_servers = false;
};

std::vector<SoftIrqThread> find_threads() {
  std::vector<SoftIrqThread> threads;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    std::string name;
    std::ifstream(entry.path() / "comm") >> name;
    if (name.rfind("ksoftirqd/", 0) != 0) continue;
    threads.push_back(
        {(entry.path() / "schedstat").string(), name == "ksoftirqd/" + std::to_string(kServers)});
  }
  return threads;
}

}  // namespace

Pinning::Pinning(bool wanted)
    : on_(wanted && CPU_ISSET(kServers, &allowed_at_first()) &&
          CPU_ISSET(kGenerator, &allowed_at_first())) {}

Pinning::~Pinning() {
  if (on_) sched_setaffinity(0, sizeof(cpu_set_t), &allowed_at_first());
}

void Pinning::start_servers() const {
  if (on_) run_on(kServers);
}

void Pinning::start_generator() const {
  if (on_) run_on(kGenerator);
}

Nanos soft_irq_cpu(bool pinned) {
  static const auto threads = find_threads();
  Nanos sum = 0;
  for (const auto& thread : threads) {
    if (pinned && !thread.of_servers) continue;
    Nanos time = 0;
    std::ifstream(thread.schedstat) >> time;
    sum += time;
  }
  return sum;
}

}  // namespace linnet::bench
