// How the kernel's scheduler treats threads on whose turn somebody waits.
#pragma once

namespace linnet {

// Asks for turns of a tenth of a millisecond, the shortest there are, instead of one to three
// (1.4 ms on two processors): a thread that asks for less has its turn sooner after it wakes, and
// runs as long in all. (EEVDF, `sched_runtime` of sched_setattr(2), heeded from Linux 6.12 on;
// others ignore it.) Measured with 64 pairs at 2,000 messages/s: p99 of 3.0 to 6.4 ms instead
// of 9.4 to 10.8 (docs/performance.md). For those who answer and those who commit, not for work
// that may wait. Thread: the one that asks; one that the operator gave another policy stays as it
// is.
void ask_for_short_turns();

}  // namespace linnet
