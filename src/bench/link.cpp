#include "link.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace linnet::bench {
namespace {

volatile std::sig_atomic_t interrupted = 0;  // NOLINT: all that a signal handler may touch

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::generic_category().message(errno));
}

// Made by who uses it: in the executable's own thread storage it would be in the memory of every
// thread of a server, too.
std::vector<char>& scratch() {
  static thread_local std::vector<char> buffer(256 * 1024);
  return buffer;
}

}  // namespace

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  for (int signal : {SIGINT, SIGTERM, SIGHUP})
    sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // Waits end within a microsecond of their time instead of 50: it would show in the latencies.
  prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
}

void throw_if_interrupted() {
  if (interrupted != 0) throw Interrupted();
}

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) fail("epoll");
}

Poller::~Poller() {
  ::close(epoll_);
}

void Poller::add(int fd, std::size_t tag) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = tag;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll");
}

void Poller::remove(int fd) {
  if (epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr) != 0) fail("epoll");
}

std::span<const epoll_event> Poller::wait(Nanos until) {
  throw_if_interrupted();
  auto left = std::max<Nanos>(0, until - now());
  timespec limit{left / kSecond, left % kSecond};
  int count =
      epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &limit, nullptr);
  if (count < 0 && errno != EINTR) fail("epoll");
  return {events_.data(), static_cast<std::size_t>(std::max(count, 0))};
}

Link::Link(Poller& poller, std::size_t tag, const Address& to)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) fail("socket");
  int on = 1;
  // Blocking so far: on loopback a connection is there at once.
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to.value), sizeof to.value) != 0) {
    auto error = errno;
    ::close(std::exchange(fd_, -1));
    errno = error;
    fail("connect");
  }
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (fcntl(fd_, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
  poller.add(fd_, tag);
}

Link::Link(Link&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      count_(other.count_),
      unsent_(std::move(other.unsent_)),
      received_(std::move(other.received_)) {}

Link& Link::operator=(Link&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(count_, other.count_);
  std::swap(unsent_, other.unsent_);
  std::swap(received_, other.received_);
  return *this;
}

Link::~Link() {
  if (fd_ >= 0) ::close(fd_);
}

void Link::send(std::string_view bytes) {
  if (unsent_.empty()) {
    auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
  }
  unsent_.append(bytes);
}

void Link::flush() {
  while (!unsent_.empty()) {
    auto sent = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) fail("send");
    unsent_.erase(0, static_cast<std::size_t>(sent));
  }
}

// How many bytes came into the scratch buffer.
std::size_t Link::receive_once(int flags) {
  auto got = ::recv(fd_, scratch().data(), scratch().size(), flags);
  if (got < 0 && errno == EAGAIN) return 0;
  if (got < 0) fail("receive");
  if (got == 0) throw std::runtime_error("the server closed a connection");
  count_ += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

void Link::receive() {
  for (;;) {
    auto got = receive_once(0);
    received_.append(scratch().data(), got);
    // What comes after a short read makes an event of its own.
    if (got < scratch().size()) return;
  }
}

void Link::leave(Poller& poller) {
  poller.remove(fd_);
}

std::size_t Link::discard() {
  return receive_once(MSG_TRUNC);  // of TCP: without a copy
}

void Link::take_little() {
  const int bytes = 4096;
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

void Link::reset_at_end() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void Link::handle(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) flush();
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) receive();
}

}  // namespace linnet::bench
