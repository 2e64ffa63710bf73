// Under a supervisor that holds the listening sockets, as systemd does: nobody is refused while the
// server is started anew.
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <fcntl.h>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace linnet;
using namespace linnet::test;

namespace {

// What a supervisor has: a socket for each door, and a program that starts the server with them as
// descriptors 3 and 4.
class Supervisor {
 public:
  explicit Supervisor(const std::filesystem::path& dir, bool listening = true)
      : program_(dir / "start") {
    for (auto& descriptor : sockets_)
      descriptor = open_socket(listening);
    std::ofstream script(program_);
    script << "#!/bin/bash\n"
           << "export LISTEN_PID=$$ LISTEN_FDS=2\n"
           << "exec " << LINNET_BINARY << " \"$@\" 3<&" << sockets_[0] << " 4<&" << sockets_[1]
           << "\n";
    script.close();
    ::chmod(program_.c_str(), 0700);
  }
  ~Supervisor() {
    for (const int descriptor : sockets_)
      ::close(descriptor);
  }
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  std::uint16_t port(std::size_t which) const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(sockets_.at(which), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }
  std::uint16_t tcp() const { return port(0); }
  std::uint16_t http() const { return port(1); }
  std::vector<std::string> doors() const {
    return {"--tcp-listen", address(tcp()), "--http-listen", address(http())};
  }
  Launch launch(std::vector<std::string> environment = {}) const {
    return {program_.string(), std::move(environment)};
  }
  static std::string address(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

 private:
  static int open_socket(bool listening) {
    const int low = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(low, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    if (listening) REQUIRE(::listen(low, 4096) == 0);
    // Far from what the server gets, and kept when it is started.
    const int high = ::fcntl(low, F_DUPFD, 100);
    ::close(low);
    return high;
  }

  std::filesystem::path program_;
  std::array<int, 2> sockets_{};
};

// Sends one message after the other, each until it is acknowledged, each try over a connection of
// its own; connecting must not fail.
class Sender {
 public:
  Sender(std::uint16_t port, TestUser user) : port_(port), user_(std::move(user)) {}

  void run(const std::atomic<bool>& over) {
    for (std::int64_t id = 1; !over; ++id) {
      while (!try_once(id)) {
      }
      sent_ = id;
    }
  }
  std::int64_t sent() const { return sent_; }
  int refused() const { return refused_; }
  const TestUser& user() const { return user_; }

 private:
  bool try_once(std::int64_t id) {
    try {
      send_text(port_, user_, user_.id, std::to_string(id), id);
      return true;
    } catch (const std::exception&) {
      ++refused_;
      return false;
    }
  }

  std::uint16_t port_;
  TestUser user_;
  std::int64_t sent_ = 0;
  int refused_ = 0;
};

}  // namespace

TEST_CASE("who connects while a supervised server is away is served by the next one") {
  TempDir dir;
  const Supervisor supervisor(dir.path());
  TestUser anna;
  {
    ServerProcess server(dir.path() / "data", supervisor.doors(), supervisor.launch());
    anna = sign_in(supervisor.http(), "100");
    CHECK(server.stop() == 0);
  }
  Socket waiting(supervisor.http());
  waiting.send("GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  auto tcp = LongConnection::raw_tcp(supervisor.tcp());
  pb::SignInInput request;
  request.set_device_id(anna.device.value());
  request.set_user_id(anna.id.value());
  request.set_token(anna.token);
  tcp.send(pb::PT_SIGN_IN, 1, request.SerializeAsString());
  CHECK_FALSE(waiting.readable(std::chrono::milliseconds(0)));

  ServerProcess server(dir.path() / "data", supervisor.doors(), supervisor.launch());
  std::string answer;
  while (waiting.receive(answer)) {
  }
  CHECK_THAT(answer, Catch::StartsWith("HTTP/1.1 200"));
  const auto signed_in = tcp.receive();
  REQUIRE(signed_in);
  CHECK(signed_in->code() == 0);
}

TEST_CASE("ten restarts of a supervised server refuse no connection and lose no message") {
  constexpr int kRestarts = 10;
  constexpr int kSenders = 4;
  TempDir dir;
  const Supervisor supervisor(dir.path());
  std::vector<Sender> senders;
  std::vector<std::thread> threads;
  std::atomic<bool> over = false;
  for (int restart = 0; restart <= kRestarts; ++restart) {
    ServerProcess server(dir.path() / "data", supervisor.doors(), supervisor.launch());
    if (restart == 0) {
      for (int i = 0; i < kSenders; ++i)
        senders.emplace_back(supervisor.http(),
                             sign_in(supervisor.http(), std::to_string(100 + i)));
      for (auto& sender : senders)
        threads.emplace_back([&sender, &over] { sender.run(over); });
    }
    // Each life of the server carries something.
    sign_in(supervisor.http(), "200");
    if (restart == kRestarts) {
      over = true;
      for (auto& thread : threads)
        thread.join();
      for (const auto& sender : senders) {
        CHECK(sender.refused() == 0);
        CHECK(sender.sent() > 0);
        auto inbox = LongConnection::sign_in(LongConnection::Door::kTcp, supervisor.tcp(),
                                             supervisor.http(), sender.user())
                         .sync(0);
        REQUIRE(inbox.size() == static_cast<std::size_t>(sender.sent()));
        for (std::size_t i = 0; i < inbox.size(); ++i)
          CHECK(text_of(inbox[i]) == std::to_string(i + 1));
      }
    }
    CHECK(server.stop() == 0);
  }
}

TEST_CASE("sockets that no door can take end the start with a sentence") {
  TempDir dir;
  auto start = [&](const Supervisor& supervisor, const std::vector<std::string>& doors) {
    std::vector<std::string> arguments{
        "--log-level",  "off",        "--set",
        "grpc.listen=", "--data-dir", (dir.path() / "data").string()};
    arguments.insert(arguments.end(), doors.begin(), doors.end());
    return run_program(supervisor.launch().binary, arguments);
  };
  {
    const Supervisor supervisor(dir.path());
    auto outcome = start(supervisor, {"--tcp-listen", "127.0.0.1:0", "--http-listen",
                                      Supervisor::address(supervisor.http())});
    CHECK(outcome.status == 1);
    CHECK_THAT(outcome.err, Catch::Contains(Supervisor::address(supervisor.tcp())));
  }
  const Supervisor deaf(dir.path(), false);
  auto outcome = start(deaf, deaf.doors());
  CHECK(outcome.status == 78);
  CHECK_THAT(outcome.err, Catch::Contains("descriptor 3"));
}

TEST_CASE("a supervisor is told when the doors are open, and when they close") {
  TempDir dir;
  const auto path = dir.path() / "notify";
  const int listener = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  auto told = [&] {
    std::array<char, 256> buffer{};
    const auto got = ::recv(listener, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return std::string(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  };

  const Supervisor supervisor(dir.path());
  ServerProcess server(dir.path() / "data", supervisor.doors(),
                       supervisor.launch({"NOTIFY_SOCKET=" + path.string()}));
  // The addresses on stdout, for which this waited, come first.
  pollfd ready{listener, POLLIN, 0};
  REQUIRE(::poll(&ready, 1, static_cast<int>(kPatience.count())) == 1);
  CHECK(told() == "READY=1");
  CHECK(server.stop() == 0);
  CHECK(told() == "STOPPING=1");
  ::close(listener);
}
