#include "damage.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace linnet::test {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kPageHead = 160;  // about what a page has of counts and pointers

std::uint64_t below(std::mt19937_64& random, std::uint64_t end) {
  return random() % end;
}

// Anywhere, or where a page keeps its structure.
std::uint64_t place(std::mt19937_64& random, std::uint64_t size) {
  const auto anywhere = below(random, size);
  if (below(random, 2) == 0) return anywhere;
  return std::min(anywhere / kPage * kPage + below(random, kPageHead), size - 1);
}

Damage turn(const std::filesystem::path& file, bool log, bool bit, std::mt19937_64& random) {
  const auto size = std::filesystem::file_size(file);
  const auto at = place(random, size);
  const auto change = static_cast<char>(bit ? 1U << below(random, 8) : 1 + below(random, 255));
  std::fstream open(file, std::ios::in | std::ios::out | std::ios::binary);
  open.seekg(static_cast<std::streamoff>(at));
  const auto was = static_cast<char>(open.get());
  open.seekp(static_cast<std::streamoff>(at));
  open.put(static_cast<char>(was ^ change));
  open.close();
  if (!open) throw std::runtime_error("cannot damage " + file.string());
  Damage done;
  done.kind = kinds_of_damage()[(log ? 2U : 0U) + (bit ? 0U : 1U)];
  done.what = done.kind + " at " + std::to_string(at) + " of " + std::to_string(size) + ", xor " +
              std::to_string(static_cast<unsigned char>(change));
  return done;
}

}  // namespace

const std::vector<std::string>& kinds_of_damage() {
  static const std::vector<std::string> kinds{
      "a bit of the database",         "a byte of the database",
      "a bit of the write-ahead log",  "a byte of the write-ahead log",
      "the write-ahead log cut short", "the write-ahead log removed"};
  return kinds;
}

Damage damage(const std::filesystem::path& directory, std::uint64_t turn_of,
              std::mt19937_64& random) {
  const auto database = directory / "linnet.db";
  const auto log = directory / "linnet.db-wal";
  std::error_code ignored;
  const auto size = std::filesystem::exists(log) ? std::filesystem::file_size(log) : 0;
  const auto choice = turn_of % kTurnsOfDamage;
  const bool bit = choice % 2 == 0;
  if (size == 0 || choice < 12) return turn(database, false, bit, random);
  if (choice < 17) return turn(log, true, bit, random);
  Damage done;
  if (choice == 19) {
    std::filesystem::remove(log);
    done.kind = kinds_of_damage()[5];
    done.what = done.kind;
  } else {
    const auto left = below(random, size);
    std::filesystem::resize_file(log, left);
    done.kind = kinds_of_damage()[4];
    done.what = done.kind + " at " + std::to_string(left) + " of " + std::to_string(size);
  }
  return done;
}

}  // namespace linnet::test
