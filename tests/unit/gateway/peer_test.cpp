// How gRPC names who calls, and what limits make of it.
#include "grpc/peer.hpp"

#include <catch2/catch.hpp>

using linnet::gateway::is_local_peer;
using linnet::gateway::peer_address;
using linnet::gateway::peer_name;

TEST_CASE("a caller over gRPC is the address that limits count, whatever its port") {
  CHECK(peer_address("ipv4:127.0.0.1:4711") == "127.0.0.1");
  CHECK(peer_address("ipv4:127.0.0.1:4711") == peer_address("ipv4:127.0.0.1:4712"));
  // An IPv6 /64 counts as one.
  CHECK(peer_address("ipv6:%5B2001:db8::1%5D:4711") == peer_address("ipv6:%5B2001:db8::2%5D:1"));
  CHECK(peer_address("ipv6:%5B2001:db8::1%5D:1") != peer_address("ipv6:%5B2001:db9::1%5D:1"));
  for (const char* odd : {"", "unix", "unix:/tmp/socket", "ipv4:", ":"})
    CHECK_NOTHROW(peer_address(odd));
  CHECK(peer_address("unix:/tmp/socket") == "unix:/tmp/socket");
}

TEST_CASE("a connection is named as gRPC names it") {
  using boost::asio::ip::make_address;
  CHECK(peer_name({make_address("192.0.2.1"), 4711}) == "ipv4:192.0.2.1:4711");
  CHECK(peer_name({make_address("2001:db8::1"), 4711}) == "ipv6:%5B2001:db8::1%5D:4711");
}

TEST_CASE("a caller over gRPC is of this machine by its address alone") {
  for (const char* local : {"ipv4:127.0.0.1:4711", "ipv6:%5B::1%5D:4711"})
    CHECK(is_local_peer(local));
  for (const char* other : {"ipv4:127.0.0.2:4711", "ipv6:%5B::2%5D:1", "unix:/tmp/socket", ""})
    CHECK_FALSE(is_local_peer(other));
}
