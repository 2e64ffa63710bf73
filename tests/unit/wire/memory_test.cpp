// A machine that has no memory left, at any allocation of a parser: std::bad_alloc comes out, and
// nothing else is harmed. Says most under AddressSanitizer.
#include "fuzz/targets.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <vector>

using namespace linnet;

namespace {

constexpr int kMost = 1000;         // allocations that are made to fail, each in a run of its own
constexpr std::size_t kFiles = 12;  // of a corpus

// Of this thread: that many allocations succeed; negative: all.
thread_local int left = -1;

class Scarce {
 public:
  explicit Scarce(int allocations) { left = allocations; }
  ~Scarce() { left = -1; }
  Scarce(const Scarce&) = delete;
  Scarce& operator=(const Scarce&) = delete;
};

// True when the target came to its end.
bool ends(void (*target)(std::string_view), const std::string& bytes, int allocations) {
  const Scarce scarce(allocations);
  try {
    target(bytes);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

std::vector<std::string> corpus(const char* name) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(LINNET_SOURCE_DIR) / "tests/fuzz/corpus" / name))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  paths.resize(std::min(paths.size(), kFiles));
  std::vector<std::string> files;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return files;
}

}  // namespace

// The other forms end in these, but for the sanitizers' own, of which the one without exceptions is
// in use. After one failure the next may succeed: memory comes back.
void* operator new(std::size_t size) {
  if (left >= 0 && left-- == 0) throw std::bad_alloc();
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

void* operator new(std::size_t size, const std::nothrow_t& /*nothrow*/) noexcept {
  return left >= 0 && left-- == 0 ? nullptr : std::malloc(size == 0 ? 1 : size);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

TEST_CASE(
    "a parser that gets no memory gives up, at whichever allocation, and parses as ever then") {
  struct Target {
    const char* name;
    void (*run)(std::string_view);
  };
  // Not what protobuf parses or prints: it is not made for that, and the process ends.
  const auto target =
      GENERATE(Target{"tcp_framing", fuzz::tcp_framing}, Target{"ws_decoder", fuzz::ws_decoder});
  CAPTURE(target.name);
  int failed = 0;
  for (const auto& bytes : corpus(target.name)) {
    int allocations = 0;
    while (allocations < kMost && !ends(target.run, bytes, allocations))
      ++allocations;
    failed += allocations;
    CHECK(ends(target.run, bytes, -1));
  }
  CHECK(failed > 0);
}
