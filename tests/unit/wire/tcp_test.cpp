// TCP framing: two bytes of length, then a packet.
#include "linnet/wire/tcp.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace linnet;

namespace {

using Packets = std::vector<std::string>;

// Feeds `bytes` cut at `cuts` (ascending) the way a socket would deliver them.
Packets receive(const std::string& bytes, std::vector<std::size_t> cuts) {
  cuts.push_back(bytes.size());
  Packets packets;
  std::string buffer;
  std::size_t from = 0;
  for (std::size_t to : cuts) {
    buffer += bytes.substr(from, to - from);
    from = to;
    std::string_view rest = buffer;
    while (auto packet = wire::next_tcp_packet(rest))
      packets.emplace_back(*packet);
    buffer.erase(0, buffer.size() - rest.size());
  }
  CHECK(buffer.empty());
  return packets;
}

}  // namespace

TEST_CASE("a TCP frame is a big-endian length and the packet") {
  std::string out = "x";
  REQUIRE(wire::append_tcp_frame("abc", out));
  CHECK(out == std::string("x\0\3abc", 6));

  std::string large;
  REQUIRE(wire::append_tcp_frame(std::string(0x1234, 'a'), large));
  CHECK(large.substr(0, 2) == "\x12\x34");
  CHECK(large.size() == 2 + 0x1234);
}

TEST_CASE("a packet over 65,535 bytes is refused and nothing is appended") {
  std::string out = "before";
  CHECK_FALSE(wire::append_tcp_frame(std::string(wire::kMaxPacket + 1, 'a'), out));
  CHECK(out == "before");
  CHECK(wire::append_tcp_frame(std::string(wire::kMaxPacket, 'a'), out));
  std::string_view rest = std::string_view(out).substr(6);
  auto packet = wire::next_tcp_packet(rest);
  REQUIRE(packet);
  CHECK(packet->size() == wire::kMaxPacket);
  CHECK(rest.empty());
}

TEST_CASE("TCP packets are the same however the segments are cut and joined") {
  const Packets sent = {"", "a", "bc", "", "defg"};
  std::string bytes;
  for (const auto& packet : sent)
    REQUIRE(wire::append_tcp_frame(packet, bytes));

  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      CAPTURE(first, second);
      CHECK(receive(bytes, {first, second}) == sent);
    }
  }
  std::vector<std::size_t> every_byte;
  for (std::size_t i = 1; i < bytes.size(); ++i)
    every_byte.push_back(i);
  CHECK(receive(bytes, every_byte) == sent);
}

TEST_CASE("an incomplete TCP packet leaves the bytes where they are") {
  for (std::string_view bytes : {std::string_view(""), std::string_view("\0", 1),
                                 std::string_view("\0\2a", 3), std::string_view("\xff\xff", 2)}) {
    std::string_view rest = bytes;
    CHECK_FALSE(wire::next_tcp_packet(rest));
    CHECK(rest.size() == bytes.size());
  }
}
