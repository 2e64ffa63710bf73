#include "linnet/base/turns.hpp"

#include "scheduling.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace linnet {
namespace {

constexpr std::uint64_t kTurnNs = 100'000;

}  // namespace

bool get_scheduling(Scheduling& scheduling) {
  return syscall(SYS_sched_getattr, 0, &scheduling, sizeof scheduling, 0) == 0;
}

bool set_scheduling(Scheduling scheduling) {
  return syscall(SYS_sched_setattr, 0, &scheduling, 0) == 0;
}

void ask_for_short_turns() {
  Scheduling scheduling;
  if (!get_scheduling(scheduling) || scheduling.policy != SCHED_OTHER) return;
  scheduling.runtime_ns = kTurnNs;
  set_scheduling(scheduling);
}

}  // namespace linnet
