// The sockets of one long connection: opens it over TCP or WebSocket and moves packets between the
// socket and a Session.
#pragma once

#include "pb/conn.ext.pb.h"
#include "session.hpp"
#include "socket.hpp"

#include "linnet/wire/websocket.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace linnet::client {

struct LinkTarget {
  Session::Door door = Session::Door::kTcp;
  std::string host;
  std::uint16_t port = 0;
  std::chrono::milliseconds timeout{5000};  // for connecting and the upgrade
};

// Thread: one.
class Link {
 public:
  struct Opened;
  // Connects, and upgrades a WebSocket with the credentials of `identity`.
  static Opened open(const LinkTarget& target, const SessionIdentity& identity,
                     const Cancel& cancel);

  // Frames `packet` behind what is unsent.
  void queue(const pb::Input& packet);
  // Sends what goes without waiting. Error: the connection broke.
  Status flush();
  // Waits until bytes come, unsent ones can go, or `until`. kShuttingDown: called off.
  Status wait(SteadyTime until, const Cancel& cancel);
  // Gives the session what has come, without waiting.
  void receive(Session& session, Session::Time now);
  // Says goodbye as far as that goes without waiting.
  void say_goodbye();

 private:
  Link(Socket socket, bool web_socket) : socket_(std::move(socket)), web_socket_(web_socket) {}
  Status upgrade(const LinkTarget& target, const SessionIdentity& identity, SteadyTime deadline,
                 const Cancel& cancel, std::optional<End>& refusal);
  void queue_frame(wire::WsOpcode opcode, std::string_view payload);
  void parse_tcp(Session& session, Session::Time now);
  void parse_web_socket(Session& session, Session::Time now);

  Socket socket_;
  bool web_socket_;
  std::string received_;
  std::string unsent_;
  wire::WsDecoder decoder_{wire::WsRole::kClient, 1U << 20U};
};

// A link, or why there is none.
struct Link::Opened {
  std::optional<Link> link;
  std::optional<End> end;
};

}  // namespace linnet::client
