// A server that was busy once does not keep the memory of that hour.
#include "heap.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace linnet;

namespace {

constexpr std::size_t kMega = 1024 * 1024;

bool is_sanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;  // malloc is another one
#else
  return false;
#endif
}

}  // namespace

TEST_CASE("memory is given back when 4 MB lie unused, and an eighth of what is used") {
  Logger log(LogLevel::kOff);
  const app::HeapKeeper heap(log);
  CHECK_FALSE(heap.is_worth_it({13 * kMega, 10 * kMega}));
  CHECK(heap.is_worth_it({14 * kMega, 10 * kMega}));
  CHECK_FALSE(heap.is_worth_it({109 * kMega, 100 * kMega}));
  CHECK(heap.is_worth_it({113 * kMega, 100 * kMega}));
  CHECK_FALSE(heap.is_worth_it({5 * kMega, 10 * kMega}));
}

TEST_CASE("what lies unused between what is used goes back to the system, and that is done once") {
  if (is_sanitized()) return;
  constexpr std::size_t kBlock = 16 * 1024;
  constexpr std::size_t kBlocks = 4096;  // 64 MB
  std::vector<std::string> kept;
  {
    std::vector<std::string> ended;
    for (std::size_t i = 0; i < kBlocks; ++i)
      (i % 16 == 0 ? kept : ended).emplace_back(kBlock, 'x');
  }
  Logger log(LogLevel::kOff);
  app::HeapKeeper heap(log);
  const auto before = app::heap_state();
  REQUIRE(heap.is_worth_it(before));
  heap.tidy();
  const auto after = app::heap_state();
  CHECK(after.resident + 32 * kMega < before.resident);
  CHECK_FALSE(heap.is_worth_it(after));
  for (const auto& block : kept)
    CHECK(block == std::string(kBlock, 'x'));
}
