// What a preloaded false_machine.cpp does to a server, turned while it runs: the clock on the wall,
// the time that the disk takes, and whether it may be written. Shared between the two by a mapped
// file.
#pragma once

#include <atomic>
#include <cstdint>

namespace linnet::test {

// All zero: nothing is done.
struct FalseMachine {
  std::atomic<std::int64_t> clock_shift_ms;
  std::atomic<std::int64_t> clock_stands_at_ms;  // since 1970; 0: it runs
  std::atomic<std::int64_t> sync_takes_ms;       // of the database's files, each
  std::atomic<std::int64_t> sync_held;           // 1: none ends until it is 0 again
  std::atomic<std::int64_t> syncs_waiting;       // told by the server
  std::atomic<std::int64_t> read_only;           // 1: the database's files are not written (EROFS)
  std::atomic<std::int64_t> writes_refused;      // told by the server
};

inline constexpr const char* kFalseMachine = "FALSE_MACHINE";  // environment: the file's path

}  // namespace linnet::test
