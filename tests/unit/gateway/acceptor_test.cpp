// How many a listener takes in one turn of its shard's loop, over real sockets; the test turns it.
#include "acceptor.hpp"

#include "support/false_clock.hpp"

#include <catch2/catch.hpp>

#include <list>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace linnet;
using namespace linnet::gateway;
using test::FalseClock;

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

// A listener, and clients of whom none has been accepted yet.
struct Listening {
  explicit Listening(const GateOptions& options) : gate(std::make_shared<Gate>(options, refusals)) {
    const auto endpoint = claim(shard.context(), *parse_listen_address("127.0.0.1:0"));
    REQUIRE(endpoint);
    REQUIRE(acceptor.open(*endpoint));
    at = *endpoint;
    acceptor.start();
  }
  void connect(int count) {
    for (int i = 0; i < count; ++i)
      clients.emplace_back(shard.context()).connect(at);
  }
  // They are reset before they could be accepted.
  void come_and_go(int count) {
    for (int i = 0; i < count; ++i) {
      TcpSocket client(shard.context());
      client.connect(at);
      client.set_option(TcpSocket::linger(true, 0));
      client.close();
    }
  }
  // Handlers run until one has taken somebody: how many it has.
  std::size_t take() {
    const auto before = taken.size();
    while (taken.size() == before && shard.context().run_one_for(std::chrono::seconds(5)) > 0) {
    }
    return taken.size() - before;
  }

  FalseClock clock;
  Logger log{LogLevel::kError};
  Refusals refusals;
  std::shared_ptr<Gate> gate;
  Shard shard{0};
  tcp::endpoint at;
  std::list<TcpSocket> clients;
  std::list<std::pair<TcpSocket, Gate::Ticket>> taken;
  Acceptor acceptor{shard, clock, log, *gate, refusals, {}, [this](auto socket, auto ticket) {
                      taken.emplace_back(std::move(socket), std::move(ticket));
                    }};
};

// Whether the other end closes within five seconds, having said nothing.
bool ends(TcpSocket& socket) {
  const timeval limit{5, 0};
  setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  char byte = 0;
  return ::recv(socket.native_handle(), &byte, 1, 0) == 0;
}

// While it lives, the process may open so many more files.
class FewFiles {
 public:
  explicit FewFiles(rlim_t more) {
    const int next = ::dup(STDERR_FILENO);
    ::close(next);
    getrlimit(RLIMIT_NOFILE, &before_);
    auto few = before_;
    few.rlim_cur = static_cast<rlim_t>(next) + more;
    setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewFiles() { setrlimit(RLIMIT_NOFILE, &before_); }
  FewFiles(const FewFiles&) = delete;
  FewFiles& operator=(const FewFiles&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("of many who wait, a listener takes a few in each turn, and so all of them") {
  Listening f({});
  f.connect(20);
  CHECK(f.take() == 8);
  // Who is ready otherwise has a turn in between.
  bool served = false;
  f.shard.at_turn_end([&] { served = f.taken.size() == 8; });
  CHECK(f.take() == 8);
  CHECK(served);
  CHECK(f.take() == 4);
  f.connect(1);
  CHECK(f.take() == 1);
}

TEST_CASE("a turn takes no more than the pace of the gate lets in") {
  GateOptions options;
  options.accepts_per_second = 500;  // 2 ms each, at most 5 ms ahead
  Listening f(options);
  f.connect(6);
  CHECK(f.take() == 3);
  CHECK(f.take() == 1);
  CHECK(f.refusals.of(Refusal::kAccepts) == 1);
}

TEST_CASE("who has gone before its turn takes none at the gate") {
  GateOptions options;
  options.accepts_per_second = 500;
  Listening f(options);
  f.come_and_go(5);
  f.connect(6);
  CHECK(f.take() == 3);
}

TEST_CASE("who is turned away takes a place in the turn, and none at the gate") {
  GateOptions options;
  options.connections = 1;
  Listening f(options);
  f.connect(12);
  CHECK(f.take() == 1);
  CHECK(f.refusals.of(Refusal::kConnections) == 7);
  while (f.refusals.of(Refusal::kConnections) < 11)
    REQUIRE(f.shard.context().run_one_for(std::chrono::seconds(5)) > 0);
  CHECK(f.gate->taken() == 1);
}

TEST_CASE("out of descriptors, who waits is sent away; with nobody there, nothing is told") {
  Listening f({});
  f.connect(1);
  {
    const FewFiles few(1);
    CHECK(f.take() == 1);
    f.shard.context().poll();
  }
  REQUIRE(f.refusals.of(Refusal::kNoDescriptors) == 0);

  f.connect(1);
  {
    const FewFiles few(0);
    while (f.refusals.of(Refusal::kNoDescriptors) == 0)
      REQUIRE(f.shard.context().run_one_for(std::chrono::seconds(5)) > 0);
  }
  CHECK(ends(f.clients.back()));
  f.connect(1);
  CHECK(f.take() == 1);
}
