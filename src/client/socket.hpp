// A TCP socket whose every wait has a deadline and can be called off.
#pragma once

#include "linnet/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace linnet::client {

using SteadyTime = std::chrono::steady_clock::time_point;

// An eventfd: once called, every wait that watches it ends, until it is reset. Thread: any.
class Cancel {
 public:
  Cancel();
  ~Cancel();
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;

  void call();
  void reset();
  int fd() const { return fd_; }
  // Waits until it is called (true) or `until` (false).
  bool wait(SteadyTime until) const;

 private:
  int fd_ = -1;
};

// Errors: kTimeout (the deadline passed), kShuttingDown (called off), kServerUnknown (the network).
class Socket {
 public:
  Socket() = default;
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;

  // `host` is a name or an address; a name is looked up without a deadline (by the system's rules).
  static Result<Socket> connect(const std::string& host, std::uint16_t port, SteadyTime deadline,
                                const Cancel* cancel = nullptr);

  Status send_all(std::string_view bytes, SteadyTime deadline, const Cancel* cancel = nullptr);
  // Appends what is there to `into`, waiting for the first bytes; 0: the peer has closed.
  Result<std::size_t> receive(std::string& into, SteadyTime deadline,
                              const Cancel* cancel = nullptr);
  // As much as goes without waiting; 0 when nothing does.
  Result<std::size_t> send_some(std::string_view bytes);
  // Waits for one of poll's `events`.
  Status wait(short events, SteadyTime deadline, const Cancel* cancel) const;
  // Whether an idle connection has something to read: its end, or bytes that nobody asked for.
  bool stale() const;
  bool open() const { return fd_ >= 0; }
  void close();

 private:
  explicit Socket(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace linnet::client
