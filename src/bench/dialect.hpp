// How members of a crowd speak to a server that hands one message to many: what a connection says
// until it hears everything, how a message is published, and where messages are in what comes.
#pragma once

#include "peer.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::bench {

// Connections are numbered; that of the highest number publishes.
struct Answer {
  bool whole = false;  // otherwise more must come
  std::string say;     // next, when the answer was whole
  bool ready = false;
};
using OnPayload = std::function<void(std::string_view)>;

// Without state: what belongs to a connection is given.
class Dialect {
 public:
  virtual ~Dialect() = default;
  // What connection `place` says first; empty: it is ready at once.
  virtual std::string hello(std::size_t place) const = 0;
  // Takes answer number `step` off the front of `received`. Throws when it is a refusal.
  virtual Answer answer(std::size_t place, std::size_t step, std::string_view& received) const = 0;
  // Takes all whole messages off the front, in their order.
  virtual void take(std::string_view& received, const OnPayload& on_payload) const = 0;
  // What the publisher says.
  virtual std::string publish(std::uint64_t number, std::string_view payload) const = 0;
  // How long a server may go on saying what is no message.
  virtual Nanos settling() const { return 0; }
  // Whether the publisher hears the message too.
  virtual bool publisher_hears() const { return false; }
};

// A member of a live room of Linnet on a long connection; the publisher is one too. `users` outlive
// it.
std::unique_ptr<Dialect> linnet_dialect(Door door, const std::vector<Account>& users);
// The floor (floor/floor.cpp): what it sends is, to the byte, what Linnet sends.
std::unique_ptr<Dialect> floor_dialect(Door door, std::size_t members);
// Another server that hands on what is published: "redis" (RESP), "nats", "mqtt" (3.1.1, QoS 0) or
// "ws" (a WebSocket server that sends what it receives to everybody else). Throws for other names.
std::unique_ptr<Dialect> peer_dialect(const std::string& name, std::size_t members);

// Takes a whole frame of a server off the front of `bytes`; its payload. Nothing when more bytes
// are needed. Throws when it is not a whole message.
struct WsFrame {
  bool there = false;
  std::string_view payload;
};
WsFrame next_ws_frame(std::string_view& bytes);

// A WebSocket's request, to which the answer is always the same.
std::string upgrade_request(const std::string& target);
// Takes its answer; whether it is there. Throws when it is a refusal.
bool take_upgrade(std::string_view& received);

}  // namespace linnet::bench
