// One run: a server under load, killed at a place that the seed chooses, started again, and looked
// at through all its doors.
#pragma once

#include "support/world.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace linnet::test {

struct TrialOptions {
  std::uint64_t seed = 1;
  std::string binary;   // empty: linnet
  bool memory = false;  // it has little memory, and clients that cost much; it is killed in the end
  std::size_t deaf = kUsers;  // with `memory`: devices that sign in and read nothing
  bool keep = false;          // leave the data directory of a failed run
};

struct TrialResult {
  std::string place;     // where the server was killed
  std::string planned;   // a place that it is sure to come by; empty: the clock decided
  bool reached = false;  // and did
  std::size_t told = 0;  // messages acknowledged
  std::size_t recovered = 0;
  std::size_t pushed = 0;      // heard before the kill, without being asked for
  std::size_t heard_live = 0;  // and in rooms
  long resident_kb = 0;        // at most, of the server with little memory
  std::chrono::milliseconds load{0};
  std::chrono::milliseconds restart{0};  // until it served again
  std::vector<std::string> faults;
};

TrialResult run_trial(const World& world, const TrialOptions& options);

}  // namespace linnet::test
