// The heap's unused pages, given back to the system.
#pragma once

#include "linnet/base/log.hpp"

#include <chrono>
#include <cstddef>

namespace linnet::app {

// Bytes of this process.
struct HeapState {
  std::size_t resident = 0;  // in memory, of no file's
  std::size_t used = 0;      // of the heap
};
HeapState heap_state();

// Each of malloc's arenas keeps the most that it ever needed, and many connections that came and
// went have needed much. Thread: one at a time.
class HeapKeeper {
 public:
  // How often somebody should call tidy().
  static constexpr std::chrono::minutes kEvery{1};

  explicit HeapKeeper(Logger& log) : log_(log) {}

  // Gives back pages that lie unused, when there are many. Allocations of the arena that is being
  // looked through wait meanwhile, for a few milliseconds.
  void tidy();
  // Whether there are: more than there were after the last time.
  bool is_worth_it(const HeapState& now) const;

 private:
  Logger& log_;
  std::size_t left_ = 0;  // resident beside what is used, after the last time
};

}  // namespace linnet::app
