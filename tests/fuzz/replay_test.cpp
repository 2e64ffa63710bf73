// Every file of the corpora of the targets that see into several modules goes through its target
// once more, under any compiler, and so do little mutations of each.
#include "fuzz/targets.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

using namespace linnet;

namespace {

struct Target {
  const char* name;
  void (*run)(std::string_view);
  int mutations;  // of each file
};

}  // namespace

TEST_CASE("what the fuzzers of the doors found once stays right") {
  const Target targets[] = {{"http_request", fuzz::http_request, 500},
                            {"methods", fuzz::methods, 500},
                            {"credentials", fuzz::credentials, 500},
                            {"toml", fuzz::toml, 500},
                            {"gunzip", fuzz::gunzip, 500},
                            {"grpc_web", fuzz::grpc_web, 500},
                            {"reflection", fuzz::reflection, 500},
                            {"http_answer", fuzz::http_answer, 500},
                            {"long_connection", fuzz::long_connection, 500},
                            {"database", fuzz::database, 5}};
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
      for (int i = 0; i < target.mutations; ++i) {
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
