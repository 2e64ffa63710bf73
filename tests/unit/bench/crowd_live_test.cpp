// A crowd before a server that does not always do what it should.
#include "crowd.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace linnet::bench;

namespace {

// How often member `place` is sent message `number`.
using Copies = std::function<int(std::size_t place, std::size_t number)>;

// Speaks as the floor does, over TCP without an upgrade.
class Careless {
 public:
  explicit Careless(Copies copies) : copies_(std::move(copies)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    auto address = loopback(0);
    socklen_t length = sizeof address.value;
    auto* bound = reinterpret_cast<sockaddr*>(&address.value);
    REQUIRE(bind(listener_, bound, length) == 0);
    REQUIRE(listen(listener_, 64) == 0);
    REQUIRE(getsockname(listener_, bound, &length) == 0);
    address_ = address;
    thread_ = std::thread([this] { serve(); });
  }
  ~Careless() {
    stop_ = true;
    thread_.join();
    for (const auto& [fd, in] : connections_)
      close(fd);
    close(listener_);
  }
  const Address& address() const { return address_; }

 private:
  void serve() {
    while (!stop_) {
      std::vector<pollfd> waits{{listener_, POLLIN, 0}};
      for (const auto& [fd, in] : connections_)
        waits.push_back({fd, POLLIN, 0});
      if (poll(waits.data(), waits.size(), 20) <= 0) continue;
      if (waits[0].revents != 0) connections_[accept(listener_, nullptr, nullptr)];
      for (std::size_t i = 1; i < waits.size(); ++i)
        if (waits[i].revents != 0) receive(waits[i].fd);
    }
  }

  void receive(int fd) {
    char buffer[4096];
    const auto got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
      std::erase(members_, fd);
      connections_.erase(fd);
      close(fd);
      return;
    }
    auto& in = connections_[fd];
    in.append(buffer, static_cast<std::size_t>(got));
    if (const auto head = in.find("\r\n\r\n"); head != std::string::npos) {
      if (in.rfind("JOIN", 0) == 0) members_.push_back(fd);
      in.erase(0, head + 4);
      say(fd, "HTTP/1.1 101 Welcome\r\n\r\n");
    }
    while (in.size() >= 4) {
      const auto length = static_cast<std::size_t>(static_cast<unsigned char>(in[2])) << 8U |
                          static_cast<unsigned char>(in[3]);
      if (in.size() - 4 < length) break;
      publish(in.substr(4, length));
      in.erase(0, 4 + length);
    }
  }

  void publish(const std::string& frame) {
    for (std::size_t place = 0; place < members_.size(); ++place)
      for (int copy = copies_(place, number_); copy > 0; --copy)
        say(members_[place], frame);
    ++number_;
  }

  static void say(int fd, const std::string& bytes) {
    send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  Copies copies_;
  int listener_ = -1;
  Address address_;
  std::map<int, std::string> connections_;
  std::vector<int> members_;
  std::size_t number_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// What a crowd of 8, of which the first, the middle and the last one are watched, says of five
// messages.
std::vector<std::string> problems_with(const Copies& copies, Nanos patience) {
  Careless server(copies);
  CrowdOptions options;
  options.members = 8;
  options.watched = 3;
  options.patience = patience;
  const auto dialect = floor_dialect(Door::kTcp, options.members);
  Crowd crowd(*dialect, server.address(), options);
  crowd.publish(2, now());
  crowd.publish(3, now());
  const bool watched_have_all = crowd.settle();
  const bool all_have_all = crowd.settle_all();
  crowd.run(now() + 60 * kMilli);  // for what comes too often
  auto problems = crowd.problems();
  if (problems.empty()) {
    CHECK(watched_have_all);
    CHECK(all_have_all);
    CHECK(crowd.latencies().count() == 3 * 6);
    CHECK(crowd.bytes_per_message() > 100);
  }
  return problems;
}

// What the crowd says when the server sends one message `times` times to one member. Members join
// one after the other, but the server may hear them in another order: whichever it is.
void check_that_it_is_seen(std::size_t message, int times) {
  for (std::size_t unlucky = 0; unlucky < 8; ++unlucky)
    CHECK_FALSE(problems_with(
                    [=](std::size_t place, std::size_t number) {
                      return place == unlucky && number == message ? times : 1;
                    },
                    500 * kMilli)
                    .empty());
}

}  // namespace

TEST_CASE("a server that sends everything once to everybody gives no problems") {
  CHECK(problems_with([](std::size_t, std::size_t) { return 1; }, 20 * kSecond).empty());
}

TEST_CASE("one message that one member does not get, watched or not, is seen") {
  check_that_it_is_seen(3, 0);
}

TEST_CASE("one message that one member gets twice, watched or not, is seen") {
  check_that_it_is_seen(4, 2);
}
