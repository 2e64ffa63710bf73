// What other servers say when they have kept a message, as it comes in pieces.
#include "keepers.hpp"

#include <catch2/catch.hpp>

using namespace linnet::bench;

namespace {

// The answer counts when its last byte has come and not before, and what follows it is left.
void check_pieces(const std::string& name, const std::string& answer) {
  const auto dialect = peer_keeper(name, 20);
  for (std::size_t size = 0; size < answer.size(); ++size) {
    INFO(name << ", " << size << " bytes");
    std::string_view some(answer.data(), size);
    CHECK_FALSE(dialect->kept(some));
  }
  const auto more = answer + answer;
  std::string_view rest(more);
  CHECK(dialect->kept(rest));
  CHECK(rest == answer);
}

bool refused(const std::string& name, std::string_view answer) {
  const auto dialect = peer_keeper(name, 20);
  try {
    dialect->kept(answer);
  } catch (const std::runtime_error&) {
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a message is kept when the whole answer is there") {
  check_pieces("redis", "$15\r\n1700000000000-1\r\n");
  check_pieces("nats", "MSG _INBOX.bench.3 1 26\r\n{\"stream\":\"kept\",\"seq\":12}\r\n");
}

TEST_CASE("what is no word of a message's being kept is passed over") {
  const auto dialect = peer_keeper("nats", 20);
  std::string_view received = "PING\r\nMSG _INBOX.bench.0 1 2\r\n{}\r\n";
  CHECK(dialect->kept(received));
  CHECK(received.empty());
}

TEST_CASE("a refusal is none that is kept") {
  CHECK(refused("redis", "-MISCONF errors writing to the AOF file\r\n"));
  CHECK(refused("nats", "-ERR 'Unknown Protocol Operation'\r\n"));
  CHECK(refused("nats", "MSG _INBOX.bench.0 1 19\r\n{\"error\":{\"code\":5}}\r\n"));
}
