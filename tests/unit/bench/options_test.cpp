// The command line of `linnet bench`.
#include "options.hpp"

#include <catch2/catch.hpp>

using namespace linnet::bench;

TEST_CASE("scenarios and their parameters are read wherever they stand") {
  const auto parsed = parse_options({"--members", "10,200", "fanout", "--quick", "--no-pin"});
  REQUIRE_FALSE(parsed.failed);
  CHECK(parsed.options.members == std::vector<std::size_t>{10, 200});
  CHECK(parsed.options.rounds == 1);
  CHECK_FALSE(parsed.options.pin);
  CHECK(parsed.options.wants("fanout"));
  CHECK_FALSE(parsed.options.wants("idle"));
  CHECK(parse_options({}).options.wants("idle"));
}

TEST_CASE("bursts are measured at several loads, in a hurry at one") {
  CHECK(parse_options({}).options.loads == std::vector<std::size_t>{60000, 120000});
  CHECK(parse_options({"--quick"}).options.loads == std::vector<std::size_t>{60000});
  CHECK(parse_options({"--load", "90000"}).options.loads == std::vector<std::size_t>{90000});
}

TEST_CASE("the servers of shards differ in their I/O threads") {
  const auto parsed = parse_options({"shards", "--io-threads", "1,2,4"});
  REQUIRE_FALSE(parsed.failed);
  CHECK(parsed.options.io_threads == std::vector<std::size_t>{1, 2, 4});
  CHECK(parse_options({"shards", "--io-threads", "0"}).failed);
}

TEST_CASE("another server is a URL, a peer has a dialect, a place and perhaps a process") {
  const auto parsed = parse_options({"--url", "http://127.0.0.1:8081/", "--pid", "7", "--peer",
                                     "a=redis:127.0.0.1:6379:42", "--peer", "b=ws:127.0.0.1:80"});
  REQUIRE_FALSE(parsed.failed);
  CHECK(parsed.options.elsewhere());
  CHECK(parsed.options.pid == 7);
  REQUIRE(parsed.options.peers.size() == 2);
  CHECK(parsed.options.peers[0].name == "a");
  CHECK(parsed.options.peers[0].dialect == "redis");
  CHECK(parsed.options.peers[0].pid == 42);
  CHECK_FALSE(parsed.options.peers[1].pid);
}

TEST_CASE("a wrong option is said to be one") {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"--members", "0"},
                                                                     {"--members", "1,,2"},
                                                                     {"--members"},
                                                                     {"--seconds", "x"},
                                                                     {"--url", "ftp://127.0.0.1:1"},
                                                                     {"--url", "http://127.0.0.1"},
                                                                     {"--peer", "a=redis"},
                                                                     {"sing"}}) {
    INFO(arguments.front());
    const auto parsed = parse_options(arguments);
    CHECK(parsed.failed);
    CHECK_FALSE(parsed.text.empty());
  }
}
