// How a connection ends whose turn to be written to comes late, or whose peer has gone, over real
// sockets; the test turns its shard's loop and its clock.
#include "connection.hpp"
#include "http_fakes.hpp"
#include "hub.hpp"
#include "pb/conn.ext.pb.h"
#include "pb/user.ext.pb.h"
#include "support/false_clock.hpp"

#include "linnet/user/accounts.hpp"
#include "linnet/wire/websocket.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <sys/socket.h>

using namespace linnet;
using namespace linnet::gateway;

namespace {

using tcp = boost::asio::ip::tcp;
using std::chrono::milliseconds;

Shards one_shard() {
  Shards shards;
  shards.push_back(std::make_unique<Shard>(0));
  return shards;
}

// A hub without a thread, and a connection of its. That takes a place at the gate until it closes.
struct Ending : fakes::World {
  ~Ending() {
    if (connection) connection->abort();
    turn();  // what was under way holds nothing any more
  }
  void connect(Door door) {
    TcpListener acceptor(peers, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    peer.connect(acceptor.local_endpoint());
    TcpSocket accepted(shards.front()->context());
    acceptor.accept(accepted);
    auto ticket = gate->enter(accepted.remote_endpoint().address());
    connection = std::make_shared<Connection>(hub, std::move(accepted), std::move(ticket), door);
  }
  // The hub's flushes come in it.
  void turn() { shards.front()->context().poll(); }
  void sweep_after(milliseconds passed) {
    time.pass(passed);
    connection->sweep(hub.now());
  }
  bool open() const { return gate->taken() > 0; }
  // What the peer is sent until the end of it.
  std::string heard() {
    const timeval limit{5, 0};
    setsockopt(peer.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::string all;
    std::array<char, 1024> buffer{};
    for (;;) {
      const auto got = ::recv(peer.native_handle(), buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        CHECK(got == 0);
        return all;
      }
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }

  test::FalseClock time;
  Refusals refusals;
  std::shared_ptr<Gate> gate = std::make_shared<Gate>(GateOptions(), refusals);
  Shards shards = one_shard();
  std::unique_ptr<router::Router> router = router::make_local_router(shards);
  router::Rooms members{shards, time, router::RoomOptions()};
  user::StoredUsers people;
  user::Accounts accounts{store, time, log, user::AccountOptions()};
  logic::Messages messages{store, people, *router, time, logic::MessageOptions()};
  logic::Devices devices{store, accounts, *router, time};
  logic::Rooms rooms{store, members, time, logic::RoomRules()};
  SessionOptions session;
  Hub hub{*shards.front(),
          {api, accounts, messages, devices, rooms, *router, time, log, refusals},
          session};
  boost::asio::io_context peers;
  TcpSocket peer{peers};
  std::shared_ptr<Connection> connection;
};

}  // namespace

TEST_CASE("a goodbye is said and may be read however late its turn to be written comes") {
  const auto door = GENERATE(Door::kTcp, Door::kWebSocket);
  Ending f;
  f.connect(door);
  f.connection->drain();
  // Thousands of others are written to first, longer than a peer has to read its last word.
  f.sweep_after(milliseconds(60000));
  REQUIRE(f.open());
  f.turn();
  CHECK(f.heard().find("the server is stopping") != std::string::npos);

  // From then on it has its time.
  f.sweep_after(milliseconds(1999));
  CHECK(f.open());
  f.sweep_after(milliseconds(1));
  CHECK_FALSE(f.open());
}

TEST_CASE("a call that was read before its peer reset the connection counts for its address") {
  pb::GetUserReq request;
  request.set_user_id(1);
  pb::CallInput call;
  call.set_method("/pb.UserExt/GetUser");
  call.set_request(request.SerializeAsString());
  pb::Input packet;
  packet.set_type(pb::PT_CALL);
  packet.set_data(call.SerializeAsString());
  std::string frame;
  wire::append_masked_ws_frame(wire::WsOpcode::kBinary, packet.SerializeAsString(), 1, frame);

  Ending f;
  f.connect(Door::kWebSocket);
  f.peer.set_option(boost::asio::socket_base::linger(true, 0));
  f.peer.close();
  f.connection->start_web_socket({UserId(7), DeviceId(70)}, 0, false, frame);
  f.turn();
  REQUIRE(f.handlers.calls == 1);
  CHECK(f.handlers.last_caller.address == "127.0.0.1");
}
