// The floor under every fan-out: one thread, epoll, one send() of a ready-made frame for each
// message and connection, and nothing else. No server that does more can cost less without
// gathering messages or batching system calls; what Linnet costs beyond it is Linnet's own.
//
// A connection begins with a head that ends in an empty line:
//
//   GET ...   upgrades to a WebSocket and is a member    (the key is taken to be the bench's own)
//   JOIN      is a member as it is
//   PUBLISH   then says:  4 bytes, big-endian: a length   and so many bytes to send to each member
// With --gather it sends what came in one go as one, to each member once: the least that bursts
// can cost with plain sends.
//
// Prints "floor HOST:PORT" and serves until it is ended.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>

namespace {

constexpr std::string_view kWelcome =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

class Floor {
 public:
  explicit Floor(bool gathers)
      : gathers_(gathers), epoll_(epoll_create1(EPOLL_CLOEXEC)), listener_(listen()) {
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events{};
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.fd == listener_) {
          accept_all();
          continue;
        }
        if ((event.events & EPOLLOUT) != 0) send_rest(event.data.fd);
        if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) receive(event.data.fd);
      }
    }
  }

 private:
  enum class Role : std::uint8_t { kNew, kMember, kPublisher };
  struct Connection {
    Role role = Role::kNew;
    std::string in;
    std::string unsent;
  };

  static int listen() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* bound = reinterpret_cast<sockaddr*>(&address);
    if (fd < 0 || bind(fd, bound, length) != 0 || ::listen(fd, 4096) != 0) fail("listen");
    getsockname(fd, bound, &length);
    std::printf("floor 127.0.0.1:%u\n", static_cast<unsigned>(ntohs(address.sin_port)));
    std::fflush(stdout);
    return fd;
  }

  void watch(int fd, std::uint32_t events, int operation) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, operation, fd, &event) != 0) fail("epoll_ctl");
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(fd, EPOLLIN, EPOLL_CTL_ADD);
      connections_[fd] = {};
    }
  }

  void receive(int fd) {
    static std::array<char, 256 * 1024> buffer;
    const auto got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    auto& connection = connections_[fd];
    if (got <= 0) {
      members_.erase(std::remove(members_.begin(), members_.end(), fd), members_.end());
      behind_.erase(std::remove(behind_.begin(), behind_.end(), fd), behind_.end());
      connections_.erase(fd);
      close(fd);
      return;
    }
    connection.in.append(buffer.data(), static_cast<std::size_t>(got));
    if (connection.role == Role::kNew) welcome(fd, connection);
    if (connection.role == Role::kPublisher) take_commands(connection);
  }

  void welcome(int fd, Connection& connection) {
    const auto end = connection.in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const bool publishes = connection.in.rfind("PUBLISH", 0) == 0;
    connection.role = publishes ? Role::kPublisher : Role::kMember;
    connection.in.erase(0, end + 4);
    send(fd, kWelcome.data(), kWelcome.size(), MSG_NOSIGNAL);
    if (!publishes) members_.push_back(fd);
  }

  void take_commands(Connection& connection) {
    std::string_view rest(connection.in);
    std::string all;
    while (rest.size() >= 4) {
      std::size_t length = 0;
      for (std::size_t at = 0; at < 4; ++at)
        length = length << 8U | static_cast<unsigned char>(rest[at]);
      if (rest.size() - 4 < length) break;
      const auto frame = rest.substr(4, length);
      if (gathers_) {
        all += frame;
      } else {
        deliver_to_all(frame);
      }
      rest.remove_prefix(4 + length);
    }
    if (!all.empty()) deliver_to_all(all);
    connection.in.erase(0, connection.in.size() - rest.size());
  }

  void deliver_to_all(std::string_view frame) {
    for (const int member : members_)
      deliver(member, frame);
  }

  void deliver(int fd, std::string_view frame) {
    if (behind_.empty() || !is_behind(fd)) {
      const auto sent = send(fd, frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent == static_cast<ssize_t>(frame.size()) || (sent < 0 && errno != EAGAIN)) return;
      frame.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
      behind_.push_back(fd);
      watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    }
    connections_[fd].unsent.append(frame);
  }

  bool is_behind(int fd) const {
    return std::find(behind_.begin(), behind_.end(), fd) != behind_.end();
  }

  void send_rest(int fd) {
    auto& unsent = connections_[fd].unsent;
    const auto sent = send(fd, unsent.data(), unsent.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) unsent.erase(0, static_cast<std::size_t>(sent));
    if (!unsent.empty()) return;
    behind_.erase(std::remove(behind_.begin(), behind_.end(), fd), behind_.end());
    watch(fd, EPOLLIN, EPOLL_CTL_MOD);
  }

  bool gathers_;
  int epoll_;
  int listener_;
  std::unordered_map<int, Connection> connections_;
  std::vector<int> members_;
  std::vector<int> behind_;  // those whose socket was full
};

}  // namespace

int main(int count, char** arguments) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  std::signal(SIGPIPE, SIG_IGN);
  Floor(count > 1 && std::string_view(arguments[1]) == "--gather").run();
}
