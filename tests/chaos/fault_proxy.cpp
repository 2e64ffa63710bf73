#include "fault_proxy.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace linnet::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kHeld = 16384;       // bytes on their way, for each direction
constexpr std::size_t kSlowHeld = 256;     // of a reader at 1 KB/s
constexpr int kSlowBuffer = 4096;          // and in the kernel
constexpr std::size_t kSingleBytes = 512;  // before the others have their turn
constexpr int kTick = 2;                   // ms
constexpr milliseconds kLongestStall{2000};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int listen_on_any(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 1024) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("the proxy cannot listen");
  port = ntohs(address.sin_port);
  return fd;
}

void close_fd(int& fd, bool reset) {
  if (fd < 0) return;
  const linger at_once{1, 0};
  if (reset) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd);
  fd = -1;
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

FaultProxy::FaultProxy(Options options) : options_(std::move(options)), random_(options_.seed) {
  tcp_listener_ = listen_on_any(ports_.tcp);
  http_listener_ = listen_on_any(ports_.http);
  thread_ = std::thread([this] { run(); });
}

FaultProxy::~FaultProxy() {
  close();
}

FaultProxy::Counts FaultProxy::close() {
  closing_ = true;
  if (thread_.joinable()) thread_.join();
  return counts_;
}

void FaultProxy::run() {
  std::vector<pollfd> waits;
  while (!closing_ || !links_.empty()) {
    if (closing_) {
      close_fd(tcp_listener_, false);
      close_fd(http_listener_, false);
      for (auto& link : links_) {
        if (!link.swallowed) end(link, false);
        close_fd(link.client, true);
      }
    }
    waits.clear();
    const auto before = Clock::now();
    auto wait_for = [&](int fd, int events) {
      if (fd >= 0 && events != 0) waits.push_back({fd, static_cast<short>(events), 0});
    };
    wait_for(tcp_listener_, POLLIN);
    wait_for(http_listener_, POLLIN);
    for (auto& link : links_) {
      for (const auto* way : {&link.up, &link.down}) {
        const bool room = !way->ended && way->held.size() < kHeld && way->read_at <= before;
        if (!link.swallowed && room) wait_for(way->from, POLLIN);
        if (!link.swallowed && way->blocked) wait_for(way->to, POLLOUT);
      }
      if (link.swallowed) wait_for(link.server, POLLIN);
    }
    poll(waits.data(), waits.size(), kTick);
    if (!closing_) {
      accept(tcp_listener_, options_.server.tcp, "TCP");
      accept(http_listener_, options_.server.http, "HTTP");
    }
    const auto now = Clock::now();
    for (auto& link : links_) {
      if (!link.done) tend(link, now);
    }
    links_.remove_if([](const Link& link) { return link.done; });
  }
  close_fd(tcp_listener_, false);
  close_fd(http_listener_, false);
}

void FaultProxy::accept(int listener, std::uint16_t port, const char* door) {
  for (;;) {
    Link link;
    link.client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (link.client < 0) return;
    const auto which = any(0, static_cast<std::int64_t>(options_.faults.size()) - 1);
    link.fault = options_.faults[static_cast<std::size_t>(which)];
    link.door = door;
    link.server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link.fault == Fault::kSlow) {
      setsockopt(link.server, SOL_SOCKET, SO_RCVBUF, &kSlowBuffer, sizeof kSlowBuffer);
    }
    const auto address = loopback(port);
    if (::connect(link.server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      end(link, true);
      continue;
    }
    const int on = 1;
    setsockopt(link.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(link.server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    link.up.from = link.down.to = link.client;
    link.up.to = link.down.from = link.server;
    link.strikes_up = any(0, 1) == 0;
    // As often within the first packets as anywhere later.
    link.until_strike = any(0, 3) == 0 ? any(0, 300) : any(0, 1LL << any(6, 16));
    ++counts_.connections;
    links_.push_back(std::move(link));
  }
}

void FaultProxy::tend(Link& link, Clock::time_point now) {
  if (link.swallowed) {
    tend_swallowed(link, now);
    return;
  }
  for (auto* way : {&link.up, &link.down}) {
    if (!link.done && !link.swallowed) read(link, *way, now);
    if (!link.done && !link.swallowed) write(link, *way, now);
  }
  if (link.done || link.swallowed) return;
  const bool over = link.up.over && link.down.over;
  if (link.silent) judge_silent(link, now, over);
  if (over) end(link, false);
}

// The kernel has told the server that all arrived, as a network does that dies just behind it; that
// its end cannot be missed behind bytes that nobody takes is the reason.
void FaultProxy::tend_swallowed(Link& link, Clock::time_point now) {
  if (now >= link.client_ends) close_fd(link.client, true);
  std::array<char, 4096> bytes{};
  bool ended = false;
  for (;;) {
    const auto got = ::recv(link.server, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got > 0) continue;
    ended = got == 0 || !would_block();
    break;
  }
  judge_silent(link, now, ended);
  if (ended) end(link, true);
}

void FaultProxy::judge_silent(Link& link, Clock::time_point now, bool ended) {
  const auto took = std::chrono::duration_cast<milliseconds>(now - link.since);
  if (took > options_.cut_within) {
    counts_.faults.push_back(std::string("a dead peer over ") + link.door + " was not cut within " +
                             std::to_string(options_.cut_within.count()) + " ms");
    end(link, true);
    return;
  }
  if (!ended) return;
  ++counts_.dead;
  counts_.longest = std::max(counts_.longest, took);
}

void FaultProxy::read(Link& link, Way& way, Clock::time_point now) {
  const bool slow = link.fault == Fault::kSlow && &way == &link.down;
  const std::size_t most = slow ? kSlowHeld : kHeld;
  if (way.ended || way.held.size() >= most || now < way.read_at) return;
  std::array<char, kHeld> bytes{};
  const auto got = ::recv(way.from, bytes.data(), most - way.held.size(), MSG_DONTWAIT);
  if (got < 0 && would_block()) return;
  if (got < 0) {
    if (link.silent) judge_silent(link, now, way.from == link.server);
    end(link, true);
  } else if (got == 0) {
    way.ended = true;
    if (way.deaf) way.over = true;
  } else if (!way.deaf) {
    way.held.append(bytes.data(), static_cast<std::size_t>(got));
    if (slow) way.read_at = now + milliseconds(got);  // 1 KB/s
  }
}

std::size_t FaultProxy::portion(const Link& link, const Way& way) {
  auto size = way.held.size();
  if (link.fault == Fault::kBytes) size = 1;
  if (link.fault == Fault::kSegments)
    size = std::min(size, static_cast<std::size_t>(any(1, any(0, 1) == 0 ? 8 : 600)));
  if (strikes(link, way)) size = std::min(size, static_cast<std::size_t>(link.until_strike));
  return size;
}

bool FaultProxy::strikes(const Link& link, const Way& way) const {
  const bool ends = link.fault == Fault::kReset || link.fault == Fault::kHalfClose ||
                    link.fault == Fault::kBlackhole || link.fault == Fault::kCut ||
                    options_.faults.size() > 1;
  return ends && !link.silent && (&way == &link.up) == link.strikes_up;
}

void FaultProxy::write(Link& link, Way& way, Clock::time_point now) {
  way.blocked = false;
  for (std::size_t turn = 0; !way.held.empty() && now >= way.write_at; ++turn) {
    if (strikes(link, way) && link.until_strike == 0) {
      strike(link, now);
      return;
    }
    if (turn == kSingleBytes) return;
    const auto sent =
        ::send(way.to, way.held.data(), portion(link, way), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && would_block()) {
      way.blocked = true;
      return;
    }
    if (sent < 0) {
      if (link.silent) judge_silent(link, now, way.to == link.server);
      end(link, true);
      return;
    }
    way.held.erase(0, static_cast<std::size_t>(sent));
    counts_.bytes += static_cast<std::size_t>(sent);
    if (strikes(link, way)) link.until_strike -= sent;
    pause(link, way, now);
  }
  if (way.held.empty() && way.ended && !way.over) {
    ::shutdown(way.to, SHUT_WR);
    way.over = true;
  }
}

void FaultProxy::pause(Link& link, Way& way, Clock::time_point now) {
  if (link.fault == Fault::kSegments) {
    way.write_at = now + milliseconds(any(0, 3));
  } else if (link.fault == Fault::kStalls && any(0, 29) == 0) {
    way.write_at = now + milliseconds(any(0, kLongestStall.count()));
    ++counts_.struck;
  }
  // These are what they are from the first byte on.
  if (link.fault == Fault::kBytes || link.fault == Fault::kSegments || link.fault == Fault::kSlow ||
      counts_.struck > 0)
    any_struck_ = true;
}

void FaultProxy::strike(Link& link, Clock::time_point now) {
  ++counts_.struck;
  any_struck_ = true;
  link.since = now;
  switch (link.fault) {
    case Fault::kHalfClose: {
      auto& way = any(0, 1) == 0 ? link.up : link.down;
      ::shutdown(way.to, SHUT_WR);
      way.held.clear();
      way.deaf = true;
      if (way.ended) way.over = true;
      link.silent = true;
      break;
    }
    case Fault::kBlackhole:
      link.silent = link.swallowed = true;
      link.client_ends =
          any(0, 1) == 0 ? now + milliseconds(any(0, 1500)) : Clock::time_point::max();
      break;
    default: end(link, link.fault == Fault::kReset); break;
  }
}

void FaultProxy::end(Link& link, bool reset) {
  close_fd(link.client, reset);
  close_fd(link.server, reset);
  link.done = true;
}

}  // namespace linnet::test
