// What may happen to the files of a database that nobody has open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace linnet::test {

struct Damage {
  std::string kind;  // "a byte of the database", and so on
  std::string what;  // with the place
};

const std::vector<std::string>& kinds_of_damage();

// Turns that follow each other bring every kind in so many, where there is a write-ahead log.
inline constexpr std::uint64_t kTurnsOfDamage = 20;

// One byte or bit turned, or the write-ahead log cut short or removed.
Damage damage(const std::filesystem::path& directory, std::uint64_t turn_of,
              std::mt19937_64& random);

}  // namespace linnet::test
