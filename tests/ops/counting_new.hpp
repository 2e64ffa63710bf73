// Counts what the program allocates, on all threads, by operator new.
#pragma once

#include <cstdint>

namespace linnet::ops {

struct Allocated {
  std::uint64_t times = 0;
  std::uint64_t bytes = 0;
};
Allocated allocated();

}  // namespace linnet::ops
