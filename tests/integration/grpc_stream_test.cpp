// LogicExt.Receive through gRPC's own client: the same inbox, order and backpressure as on a
// socket.
#ifdef LINNET_GRPC

#include "grpc_kit.hpp"

using namespace linnet;
using namespace linnet::test;

namespace {

struct GrpcStreamFixture {
  GrpcStreamFixture() { make_friends(house.process().http_port(), anna, ben); }
  std::int64_t send(const std::string& text) {
    pb::SendMessageResp sent;
    REQUIRE(
        house.call("/pb.LogicExt/SendMessage", lineage(anna), text_to(ben.id, text), sent).ok());
    return sent.seq();
  }
  // Past the two notices of their friendship.
  std::int64_t caught_up() {
    auto connection =
        LongConnection::sign_in(LongConnection::Door::kTcp, house.process().tcp_port(),
                                house.process().http_port(), join(house, "200"));
    auto items = connection.sync(0);
    return items.empty() ? 0 : items.back().seq();
  }

  GrpcHouse house;
  TestUser anna = join(house, "100");
  TestUser ben = join(house, "200");
};

}  // namespace

TEST_CASE("a gRPC stream begins with what was missed and goes on with what comes") {
  GrpcStreamFixture f;
  const auto from = f.caught_up();
  f.send("one");
  f.send("two");
  std::int64_t seen = 0;
  {
    GrpcReceiver stream(f.house.channel(), f.ben, from);
    CHECK(stream.next_text() == "one");
    auto two = stream.next();
    REQUIRE(two);
    seen = two->seq();
    CHECK(seen == from + 2);
    f.send("three");
    CHECK(stream.next_text() == "three");
  }
  f.send("four");
  GrpcReceiver again(f.house.channel(), f.ben, seen);
  CHECK(again.next_text() == "three");
  CHECK(again.next_text() == "four");
}

TEST_CASE("a gRPC stream that is not read gets everything in order later") {
  GrpcStreamFixture f;
  const auto from = f.caught_up();
  GrpcReceiver stream(f.house.channel(), f.ben, from);
  const std::string large(50000, 'x');
  constexpr int kCount = 160;  // more than budget, window and buffers hold
  for (int i = 0; i < kCount; ++i)
    f.send(std::to_string(i) + large);
  for (int i = 0; i < kCount; ++i)
    REQUIRE(stream.next_text() == std::to_string(i) + large);
}

TEST_CASE("who may not, or asks for nonsense, gets no gRPC stream") {
  GrpcStreamFixture f;
  CHECK(GrpcReceiver(f.house.channel(), Metadata(), "").end() == 1003);
  auto forged = f.ben;
  forged.token += "x";
  CHECK(GrpcReceiver(f.house.channel(), forged, 0).end() == 1003);
  CHECK(GrpcReceiver(f.house.channel(), {{"user_id", "x"}}, "").end() == 1007);
  CHECK(GrpcReceiver(f.house.channel(), f.ben, -1).end() == 1007);
  CHECK(GrpcReceiver(f.house.channel(), lineage(f.ben), "\xff\xff").end() == 1007);
  // What a stranger asks is not even read.
  CHECK(GrpcReceiver(f.house.channel(), Metadata(), "\xff\xff").end() == 1003);
}

TEST_CASE(
    "a gRPC stream ends with its device's signing out, its replacement, and the server's end") {
  GrpcStreamFixture f;
  const auto from = f.caught_up();
  f.send("one");
  GrpcReceiver older(f.house.channel(), f.ben, from);
  CHECK(older.next_text() == "one");
  GrpcReceiver newer(f.house.channel(), f.ben, from);
  CHECK(older.end() == 2007);
  CHECK(newer.next_text() == "one");
  pb::SignOutResp none;
  REQUIRE(f.house.call("/pb.LogicExt/SignOut", lineage(f.ben), pb::SignOutReq(), none).ok());
  CHECK(newer.end() == 2020);

  GrpcReceiver other(f.house.channel(), f.anna, 1000000);
  f.send("two");  // its stream has begun, or begins before the end
  CHECK(f.house.process().stop() == 0);
  CHECK(other.end() == 14);
}

TEST_CASE("a cancelled gRPC stream leaves its device free at once") {
  GrpcStreamFixture f;
  const auto from = f.caught_up();
  f.send("one");
  GrpcReceiver stream(f.house.channel(), f.ben, from);
  CHECK(stream.next_text() == "one");
  stream.cancel();
  CHECK(stream.end() == static_cast<int>(grpc::StatusCode::CANCELLED));
  GrpcReceiver again(f.house.channel(), f.ben, from);
  CHECK(again.next_text() == "one");
  CHECK(f.house.process().stop() == 0);
}

#endif
