// sched_getattr(2) and sched_setattr(2), for which glibc has no functions before 2.41; the kernel's
// own header clashes with glibc's <sched.h>.
#pragma once

#include <cstdint>

namespace linnet {

// Of the calling thread, as the kernel lays it out: SCHED_ATTR_SIZE_VER1.
struct Scheduling {
  std::uint32_t size = sizeof(Scheduling);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;  // of an ordinary thread: its turn, from Linux 6.12 on; before, 0
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
  std::uint32_t util_min = 0;
  std::uint32_t util_max = 0;
};
static_assert(sizeof(Scheduling) == 56);

// False: the kernel refuses.
bool get_scheduling(Scheduling& scheduling);
bool set_scheduling(Scheduling scheduling);

}  // namespace linnet
