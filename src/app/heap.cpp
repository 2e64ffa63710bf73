#include "heap.hpp"

#include <algorithm>
#include <fstream>
#include <malloc.h>
#include <unistd.h>

namespace linnet::app {
namespace {

// Below it nothing is gained that anybody would notice.
constexpr std::size_t kLeast = 4 * 1024 * 1024;
constexpr std::size_t kShare = 8;  // of what is used: an eighth

std::size_t beside(const HeapState& state) {
  return state.resident - std::min(state.resident, state.used);
}

}  // namespace

HeapState heap_state() {
  HeapState state;
  // proc(5): pages in all, in memory, and of those the files'.
  std::ifstream statm("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  std::size_t shared = 0;
  if (statm >> all >> resident >> shared)
    state.resident =
        (resident - std::min(resident, shared)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto heap = ::mallinfo2();  // of all arenas
  state.used = heap.uordblks + heap.hblkhd;
  return state;
}

bool HeapKeeper::is_worth_it(const HeapState& now) const {
  return beside(now) >= left_ + std::max(kLeast, now.used / kShare);
}

void HeapKeeper::tidy() {
  const auto before = heap_state();
  if (!is_worth_it(before)) return;
  ::malloc_trim(0);
  const auto after = heap_state();
  left_ = beside(after);
  log_.debug("unused memory was given back",
             {{"before", before.resident}, {"after", after.resident}, {"used", after.used}});
}

}  // namespace linnet::app
