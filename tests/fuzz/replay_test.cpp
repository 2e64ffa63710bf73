// Every file of the corpora of door_targets.cpp goes through its target once more, under any
// compiler, and so does a little mutation of each.
#include "fuzz/door_targets.cpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

using namespace linnet;

namespace {

struct Target {
  const char* name;
  void (*run)(std::string_view);
};

}  // namespace

TEST_CASE("what the fuzzers of the doors found once stays right") {
  const Target targets[] = {{"http_request", fuzz::http_request},
                            {"methods", fuzz::methods},
                            {"credentials", fuzz::credentials},
                            {"toml", fuzz::toml}};
  std::mt19937 random(1);
  for (const auto& target : targets) {
    CAPTURE(target.name);
    auto folder = std::filesystem::path(LINNET_SOURCE_DIR) / "tests/fuzz/corpus" / target.name;
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      std::string bytes{std::istreambuf_iterator<char>(file), {}};
      CAPTURE(entry.path().string());
      CHECK_NOTHROW(target.run(bytes));
      for (int i = 0; i < 500; ++i) {
        auto changed = bytes;
        for (unsigned n = random() % 4; n > 0 && !changed.empty(); --n)
          changed[random() % changed.size()] = static_cast<char>(random());
        changed.resize(changed.size() - random() % (1 + changed.size() / 4));
        CAPTURE(changed);
        CHECK_NOTHROW(target.run(changed));
      }
      ++files;
    }
    CHECK(files > 2);
  }
}
