// Every file of the fuzzers' corpora goes through its target once more, under any compiler.
#include "fuzz/targets.cpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace linnet;

namespace {

struct Target {
  const char* name;
  void (*run)(std::string_view);
};

}  // namespace

TEST_CASE("what the fuzzers found once stays right") {
  const Target targets[] = {{"tcp_framing", fuzz::tcp_framing},
                            {"ws_decoder", fuzz::ws_decoder},
                            {"packet_json", fuzz::packet_json},
                            {"request_json", fuzz::request_json},
                            {"push", fuzz::push}};
  for (const auto& target : targets) {
    auto folder = std::filesystem::path(LINNET_SOURCE_DIR) / "tests/fuzz/corpus" / target.name;
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      std::string bytes{std::istreambuf_iterator<char>(file), {}};
      CAPTURE(entry.path().string());
      CHECK_NOTHROW(target.run(bytes));
      ++files;
    }
    CAPTURE(target.name);
    CHECK(files > 0);
  }
}
