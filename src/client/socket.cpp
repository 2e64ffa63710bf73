// Non-blocking POSIX sockets and poll().
#include "socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace linnet::client {
namespace {

Error network_error(const char* what, int number) {
  return Error(ErrCode::kServerUnknown,
               std::string(what) + ": " + std::generic_category().message(number));
}

int left_ms(SteadyTime deadline) {
  auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1000000000));
}

// 1: `fd` is ready, 0: the time is over, -1: called off.
int wait_for_fd(int fd, short events, SteadyTime deadline, int cancel_fd) {
  std::array<pollfd, 2> waits{{{fd, events, 0}, {cancel_fd, POLLIN, 0}}};
  for (;;) {
    int ready = ::poll(waits.data(), waits.size(), left_ms(deadline));
    if (ready < 0 && errno != EINTR) return 0;
    if (ready > 0 && waits[1].revents != 0) return -1;
    if (ready > 0) return 1;
    if (ready == 0 && left_ms(deadline) == 0) return 0;
  }
}

}  // namespace

Cancel::Cancel() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Cancel::~Cancel() {
  if (fd_ >= 0) ::close(fd_);
}

void Cancel::call() {
  std::uint64_t one = 1;
  // Fails only when the count is at its maximum, that is, already called.
  if (::write(fd_, &one, sizeof one) < 0) return;
}

void Cancel::reset() {
  std::uint64_t count = 0;
  if (::read(fd_, &count, sizeof count) < 0) return;  // was not called
}

bool Cancel::wait(SteadyTime until) const {
  return wait_for_fd(fd_, POLLIN, until, -1) > 0;
}

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

void Socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<Socket> Socket::connect(const std::string& host, std::uint16_t port, SteadyTime deadline,
                               const Cancel* cancel) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (failed != 0)
    return Error(ErrCode::kServerUnknown,
                 "cannot look up \"" + host + "\": " + ::gai_strerror(failed));
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);

  Error last(ErrCode::kServerUnknown, "the host has no address");
  for (auto* entry = list; entry != nullptr; entry = entry->ai_next) {
    Socket socket(::socket(entry->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.open()) {
      last = network_error("cannot make a socket", errno);
      continue;
    }
    if (::connect(socket.fd_, entry->ai_addr, entry->ai_addrlen) != 0) {
      if (errno != EINPROGRESS) {
        last = network_error("cannot connect", errno);
        continue;
      }
      auto waited = socket.wait(POLLOUT, deadline, cancel);
      if (!waited) return waited.take_error();
      int number = 0;
      socklen_t size = sizeof number;
      ::getsockopt(socket.fd_, SOL_SOCKET, SO_ERROR, &number, &size);
      if (number != 0) {
        last = network_error("cannot connect", number);
        continue;
      }
    }
    int on = 1;
    ::setsockopt(socket.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
  }
  return last;
}

Status Socket::wait(short events, SteadyTime deadline, const Cancel* cancel) const {
  int ready = wait_for_fd(fd_, events, deadline, cancel == nullptr ? -1 : cancel->fd());
  if (ready < 0) return Error(ErrCode::kShuttingDown, "called off");
  if (ready == 0) return Error(ErrCode::kTimeout, "the server did not answer in time");
  return success();
}

Result<std::size_t> Socket::send_some(std::string_view bytes) {
  for (;;) {
    auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
    if (errno != EINTR) return network_error("the connection broke", errno);
  }
}

Status Socket::send_all(std::string_view bytes, SteadyTime deadline, const Cancel* cancel) {
  while (!bytes.empty()) {
    auto sent = send_some(bytes);
    if (!sent) return sent.take_error();
    bytes.remove_prefix(*sent);
    if (*sent > 0) continue;
    auto waited = wait(POLLOUT, deadline, cancel);
    if (!waited) return waited;
  }
  return success();
}

Result<std::size_t> Socket::receive(std::string& into, SteadyTime deadline, const Cancel* cancel) {
  std::array<char, 16384> buffer;  // NOLINT: filled by recv
  for (;;) {
    auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got >= 0) {
      into.append(buffer.data(), static_cast<std::size_t>(got));
      return static_cast<std::size_t>(got);
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
      return network_error("the connection broke", errno);
    auto waited = wait(POLLIN, deadline, cancel);
    if (!waited) return waited.take_error();
  }
}

bool Socket::stale() const {
  pollfd wait{fd_, POLLIN, 0};
  return ::poll(&wait, 1, 0) != 0;
}

}  // namespace linnet::client
