// What may happen to the files of a database that nobody has open.
#pragma once

#include <filesystem>
#include <random>
#include <string>

namespace linnet::test {

struct Damage {
  std::string kind;  // "a byte of the database", and so on
  std::string what;  // with the place
};

// One byte or bit turned, or the write-ahead log cut short or removed.
Damage damage(const std::filesystem::path& directory, std::mt19937_64& random);

}  // namespace linnet::test
