// A server that does what a test says: it listens on a free port of the loopback and gives each
// connection to a script, one after the other, on a thread of its own.
#pragma once

#include "pb/conn.ext.pb.h"

#include "linnet/wire/tcp.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace linnet::test {

class FakePeer {
 public:
  explicit FakePeer(int fd) : fd_(fd) {}
  ~FakePeer() { close(); }
  FakePeer(const FakePeer&) = delete;
  FakePeer& operator=(const FakePeer&) = delete;

  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // False when the client has gone (or says nothing for 20 s).
  bool receive() {
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, 20000) <= 0) return false;
    std::array<char, 4096> buffer{};
    auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    bytes_.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
  }
  // The next HTTP request, head and body; empty when the client has gone.
  std::string request() {
    for (;;) {
      auto head = bytes_.find("\r\n\r\n");
      if (head != std::string::npos) {
        auto at = bytes_.find("Content-Length: ");
        auto size = at < head ? std::stoul(bytes_.substr(at + 16)) : 0;
        if (bytes_.size() >= head + 4 + size) {
          auto whole = bytes_.substr(0, head + 4 + size);
          bytes_.erase(0, whole.size());
          return whole;
        }
      }
      if (!receive()) return {};
    }
  }
  // The next TCP packet; nothing when the client has gone.
  std::optional<pb::Input> packet() {
    for (;;) {
      std::string_view rest(bytes_);
      if (auto frame = wire::next_tcp_packet(rest)) {
        pb::Input input;
        input.ParseFromArray(frame->data(), static_cast<int>(frame->size()));
        bytes_.erase(0, bytes_.size() - rest.size());
        return input;
      }
      if (!receive()) return std::nullopt;
    }
  }
  void answer(pb::PackageType type, std::int64_t request_id, const std::string& data = {},
              int code = 0) const {
    pb::Output output;
    output.set_type(type);
    output.set_request_id(request_id);
    output.set_data(data);
    output.set_code(code);
    std::string framed;
    wire::append_tcp_frame(output.SerializeAsString(), framed);
    send(framed);
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
  std::string bytes_;
};

class FakeServer {
 public:
  using Script = std::function<void(FakePeer&)>;

  // The n-th connection gets the n-th script, later ones the last.
  explicit FakeServer(std::vector<Script> scripts) : scripts_(std::move(scripts)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(fd_, 16);
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeServer() {
    stopping_ = true;
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void serve() {
    while (!stopping_) {
      int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      auto which = static_cast<std::size_t>(connections_++);
      FakePeer peer(fd);
      scripts_[std::min(which, scripts_.size() - 1)](peer);
    }
  }

  std::vector<Script> scripts_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

inline std::string http_answer(int status, const std::string& body,
                               const std::string& more_headers = {}) {
  const bool ok = status == 200;
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Type: " + (ok ? "application/proto" : "application/json") + "\r\n" +
         more_headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace linnet::test
