#include "foes.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace linnet::flood {
namespace {

constexpr std::uint32_t kFirstAddress = 0x7f010001;  // 127.1.0.1
constexpr int kSmallWindow = 4096;

}  // namespace

Foes::~Foes() {
  for (const auto& foe : foes_)
    if (foe.fd >= 0) ::close(foe.fd);
}

bool Foes::connect(std::size_t foe, const bench::Address& to, std::size_t per_address,
                   bool small_window) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (small_window) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kSmallWindow, sizeof kSmallWindow);
  // Ends leave no port waiting.
  const linger at_once{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(kFirstAddress + static_cast<std::uint32_t>(foe / per_address));
  const bool connected =
      ::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
      ::connect(fd, reinterpret_cast<const sockaddr*>(&to.value), sizeof to.value) == 0;
  if (!connected || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
    ::close(fd);
    return false;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  close(foe);
  foes_[foe] = {fd, false, {}, {}};
  ++open_;
  poller_.add(fd, foe);
  return true;
}

void Foes::close(std::size_t foe) {
  if (foes_[foe].fd < 0) return;
  ::close(std::exchange(foes_[foe].fd, -1));
  --open_;
}

void Foes::end(std::size_t foe) {
  ++cut_;
  close(foe);
}

bool Foes::say(std::size_t foe, std::string_view bytes) {
  auto& one = foes_[foe];
  one.unsent += bytes;
  while (!one.unsent.empty()) {
    const auto sent = ::send(one.fd, one.unsent.data(), one.unsent.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return false;
    if (sent < 0) {
      end(foe);
      return false;
    }
    one.unsent.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

bool Foes::receive(std::size_t foe) {
  static thread_local std::array<char, 65536> buffer;
  for (;;) {
    const auto got = ::recv(foes_[foe].fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) return false;
    foes_[foe].received.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void Foes::look_for_ends() {
  for (std::size_t foe = 0; foe < foes_.size(); ++foe) {
    if (!open(foe)) continue;
    char byte = 0;
    // A byte that is there is no end; behind it the error of a reset would be found by sending.
    tcp_info info{};
    socklen_t length = sizeof info;
    getsockopt(foes_[foe].fd, IPPROTO_TCP, TCP_INFO, &info, &length);
    const auto got = ::recv(foes_[foe].fd, &byte, 1, MSG_PEEK);
    if (got == 0 || (got < 0 && errno != EAGAIN) || info.tcpi_state != TCP_ESTABLISHED) end(foe);
  }
}

}  // namespace linnet::flood
