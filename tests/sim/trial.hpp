// One run of the simulation: a seed is a script of calls, faults and time, on the server's rules
// and on the model of them, which must agree in every answer and every inbox.
#pragma once

#include "mutant.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::sim {

enum class Engine { kMemory, kSqlite };

struct TrialOptions {
  std::uint64_t seed = 1;
  Engine engine = Engine::kMemory;
  int steps = 60;
  Mutant mutant = Mutant::kNone;
  bool told = false;  // keeps what happened, in words
};

struct TrialResult {
  std::uint64_t calls = 0;
  std::uint64_t granted = 0;  // of the calls
  std::uint64_t refusals_of_store = 0;
  std::uint64_t restarts = 0;
  std::uint64_t messages = 0;  // in inboxes at the end
  std::uint64_t received = 0;  // by devices at the end: the sum of where they are
  std::string fault;           // empty: none
  std::vector<std::string> story;
};

TrialResult run_trial(const TrialOptions& options);

}  // namespace linnet::sim
