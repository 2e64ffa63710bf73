// One run: a store whose disk loses its power, or fails, at a place that the seed chooses; opened
// again, and held to what it had acknowledged.
#pragma once

#include "support/history.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::test {

struct PowerOptions {
  std::uint64_t seed = 1;
  bool normal = false;  // synchronous=NORMAL
  bool faults = false;  // an operation of the disk fails first: the seed says which
  // With `faults`: not by chance, but one of the first so many operations of each kind, once or for
  // good. Seeds that follow each other take them in turn, kTurns for each place.
  int first_places = 0;
  static constexpr int kTurns = 8;
};

struct PowerResult {
  std::string place;
  std::string operation;               // that was to fail
  std::size_t told = 0;                // messages, by the store
  std::size_t told_to_groups = 0;      // of these
  std::size_t answered = 0;            // other calls
  std::size_t told_after_refusal = 0;  // of these, to a sender that had been refused before
  bool cut_in_the_middle = false;      // the power went while somebody was at work
  std::size_t recovered = 0;
  int cuts = 0;
  int marks_behind = 0;  // after these, linnet.mark was not as it was written last
  int failures = 0;      // of the disk
  bool refused = false;  // told of by the store
  std::vector<std::string> faults;
};

// Whether a fault is what a store does that loses its last moments, and nothing worse.
bool is_loss(const std::string& fault);

PowerResult run_power_trial(const PowerOptions& options);

}  // namespace linnet::test
