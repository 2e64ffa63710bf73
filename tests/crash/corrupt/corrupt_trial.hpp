// One run: a copy of a known database of which something is damaged, opened, read, written to,
// closed and opened again. What it serves must be right, or it must say that it is damaged.
#pragma once

#include "known_world.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace linnet::test {

enum class Verdict {
  kHarmless,   // everything is there, and right
  kRefused,    // does not start, with a sentence that says why
  kStorage,    // serves what is sound, and refuses the rest as EC_STORAGE
  kContent,    // something within a message or a profile is another, each in its place
  kCheckOnly,  // something wrong is served, and only `linnet check` finds it
  kFaulty,     // something wrong is served, and nothing finds it; or it crashed
};

struct CorruptResult {
  std::string damage;  // what was done
  std::string kind;    // in short
  Verdict verdict = Verdict::kHarmless;
  bool check_finds_it = false;
  std::vector<std::string> faults;
};

// `made` holds the files of `world`, and stays as it is.
CorruptResult run_corrupt_trial(const KnownWorld& world, const std::filesystem::path& made,
                                std::uint64_t seed);

}  // namespace linnet::test
