// Sockets of the load generator: edge-triggered epoll on one thread, nothing in between.
#pragma once

#include "address.hpp"
#include "measure.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/epoll.h>

namespace linnet::bench {

// Ctrl-C: unwinds, so that the server and its directory go away.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};
// From now on SIGINT, SIGTERM and SIGHUP make the next Poller::wait throw.
void catch_signals();
void throw_if_interrupted();

class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void add(int fd, std::size_t tag);
  void remove(int fd);
  // What happened, at the latest at `until` (now()); empty then. Valid until the next call.
  std::span<const epoll_event> wait(Nanos until);

 private:
  int epoll_ = -1;
  std::array<epoll_event, 256> events_{};
};

// A connected socket that never blocks.
class Link {
 public:
  Link() = default;
  Link(Poller& poller, std::size_t tag, const Address& to);
  Link(Link&& other) noexcept;
  Link& operator=(Link&& other) noexcept;
  ~Link();

  // What the socket does not take is kept and goes out by handle().
  void send(std::string_view bytes);
  // Sends and receives all that is possible. Throws when the server has closed.
  void handle(std::uint32_t events);
  // Received and not yet taken.
  std::string& received() { return received_; }

  // From now on nothing of it is seen by the poller; discard() reads.
  void leave(Poller& poller);
  // Throws away what has come, at most 256 KiB of it, and says how many bytes that was.
  std::size_t discard();
  // How many bytes have come in all.
  std::uint64_t count() const { return count_; }
  // The kernel keeps as little as it can of what is not read.
  void take_little();
  // The end comes as a reset, which leaves no port waiting.
  void reset_at_end();

 private:
  void flush();
  void receive();
  std::size_t receive_once(int flags);
  int fd_ = -1;
  std::uint64_t count_ = 0;
  std::string unsent_;
  std::string received_;
};

}  // namespace linnet::bench
