// How the process does, for those who watch it: /readyz and /metrics.
#pragma once

#include "linnet/base/durations.hpp"
#include "linnet/store/types.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace linnet::gateway {

// Bytes of this process.
struct MemoryUse {
  std::size_t resident = 0;  // in memory, of no file's
  std::size_t heap = 0;      // of the heap, and used
};

// What is behind the doors; each may be missing. Thread of the functions: any.
struct Vitals {
  std::string version;                   // of the program
  std::function<std::string()> trouble;  // why no work is taken now; empty: it is
  std::function<store::Load()> load;
  const Durations* commits = nullptr;  // of the store
  std::function<MemoryUse()> memory;
};

}  // namespace linnet::gateway
