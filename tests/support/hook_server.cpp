#include "hook_server.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <netinet/in.h>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace linnet::test {
namespace {

bool read_more(int fd, std::string& bytes) {
  pollfd wait{fd, POLLIN, 0};
  if (::poll(&wait, 1, 5000) <= 0) return false;
  std::array<char, 4096> buffer{};
  auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  bytes.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<HookRequest> read_request(int fd) {
  std::string bytes;
  while (bytes.find("\r\n\r\n") == std::string::npos)
    if (!read_more(fd, bytes)) return std::nullopt;
  const auto head_end = bytes.find("\r\n\r\n");
  HookRequest request;
  std::istringstream head(bytes.substr(0, head_end));
  std::getline(head, request.line);
  request.line.pop_back();
  std::string line;
  while (std::getline(head, line)) {
    if (line.ends_with('\r')) line.pop_back();
    auto colon = line.find(": ");
    if (colon == std::string::npos) continue;
    auto name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers[name] = line.substr(colon + 2);
  }
  const auto size = request.headers.count("content-length") != 0
                        ? std::stoul(request.headers["content-length"])
                        : 0UL;
  while (bytes.size() < head_end + 4 + size)
    if (!read_more(fd, bytes)) return std::nullopt;
  request.body = bytes.substr(head_end + 4, size);
  return request;
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

HookServer::HookServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("a test's server cannot listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

HookServer::~HookServer() {
  ends_ = true;
  thread_.join();
  for (int fd : kept_open_)
    ::close(fd);
  ::close(listener_);
}

std::string HookServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

std::vector<HookRequest> HookServer::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

void HookServer::serve() {
  while (!ends_) {
    pollfd wait{listener_, POLLIN, 0};
    if (::poll(&wait, 1, 20) <= 0) continue;
    int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) serve_one(fd);
  }
}

void HookServer::serve_one(int fd) {
  auto request = read_request(fd);
  if (request) {
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(*request);
    }
    auto answer = handler_(*request);
    if (!answer) {
      kept_open_.push_back(fd);
      return;
    }
    send_all(fd, answer->raw.empty()
                     ? "HTTP/1.1 " + std::to_string(answer->status) +
                           " X\r\nContent-Type: application/json\r\nContent-Length: " +
                           std::to_string(answer->body.size()) + "\r\n\r\n" + answer->body
                     : answer->raw);
  }
  ::close(fd);
}

}  // namespace linnet::test
