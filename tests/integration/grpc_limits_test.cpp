// The gRPC door counts among the others.
#ifdef LINNET_GRPC

#include "grpc_kit.hpp"
#include "limited.hpp"

#include "linnet/base/error.hpp"

#include <list>
#include <stdexcept>
#include <string>

using namespace linnet;
using namespace linnet::test;

namespace {

constexpr char kHttp2Headers = 1;
constexpr char kHttp2Settings = 4;
constexpr char kHttp2EndHeaders = 4;

struct LimitedGrpc : Limited {
  explicit LimitedGrpc(std::vector<std::string> settings)
      : Limited(with_grpc(std::move(settings))) {}
  static std::vector<std::string> with_grpc(std::vector<std::string> settings) {
    settings.insert(settings.end(), {"limits.enabled=true", "grpc.listen=127.0.0.1:0"});
    return settings;
  }
  // A call over a connection of its own, which ends with it.
  grpc::Status call() const {
    grpc::ChannelArguments alone;
    alone.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel =
        grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server.grpc_port()),
                                  grpc::InsecureChannelCredentials(), alone);
    pb::SignInResp response;
    return call_over(channel, "/pb.UserExt/SignIn", {}, pb::SignInReq(), response);
  }
  static bool refused_as_empty(const grpc::Status& status) {
    return static_cast<int>(status.error_code()) == static_cast<int>(ErrCode::kBadRequest);
  }
};

// How many connections there were no places for, over one that has its place.
int refused_by(Socket& teller) {
  const std::string name = "limit=\"connections\"} ";
  teller.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string text;
  std::size_t at = std::string::npos;
  while (at == std::string::npos || text.find('\n', at) == std::string::npos) {
    if (!teller.receive(text)) throw std::runtime_error("no metrics came");
    at = text.find(name);
  }
  return std::stoi(text.substr(at + name.size()));
}

// HTTP/2's, of a stream's first kilobytes.
std::string http2_frame(char type, char stream, const std::string& payload) {
  const auto length = payload.size();
  std::string bytes{static_cast<char>(length >> 16U), static_cast<char>(length >> 8U),
                    static_cast<char>(length), type};
  bytes += type == kHttp2Headers ? kHttp2EndHeaders : '\0';
  bytes += {0, 0, 0, stream};
  return bytes + payload;
}

// A connection's beginning and a call's head; its request is to come.
std::string head_of_call(const std::string& path) {
  const auto text = [](const std::string& value) {
    return static_cast<char>(value.size()) + value;
  };
  std::string head{"\x83\x86"};  // POST, http
  head += "\x04" + text(path) + "\x01" + text("x");
  head += std::string{"\0", 1} + text("content-type") + text("application/grpc");
  head += std::string{"\0", 1} + text("te") + text("trailers");
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2_frame(kHttp2Settings, 0, "") +
         http2_frame(kHttp2Headers, 1, head);
}

}  // namespace

TEST_CASE("connections over gRPC count twice among all, and make room by their end") {
  LimitedGrpc f({"limits.connections=9"});
  {
    Socket teller(f.server.http_port());
    CHECK(refused_by(teller) == 0);
    std::list<Socket> crowd;
    for (int i = 0; i < 10; ++i)
      crowd.emplace_back(f.server.grpc_port());
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (refused_by(teller) < 6 && std::chrono::steady_clock::now() < until) {
    }
    CHECK(refused_by(teller) == 6);
    CHECK(http(f.server.http_port(), "GET", "/healthz").status == 503);
  }
  f.check_served_again("100");
}

TEST_CASE("gRPC's own clients leave no place taken behind them") {
  LimitedGrpc f({"limits.connections=4"});
  for (int i = 0; i < 12; ++i) {
    // The end of the one before may not have been seen yet.
    const auto until = std::chrono::steady_clock::now() + kPatience;
    auto status = f.call();
    while (!LimitedGrpc::refused_as_empty(status) && std::chrono::steady_clock::now() < until)
      status = f.call();
    CAPTURE(i, status.error_code(), status.error_message());
    REQUIRE(LimitedGrpc::refused_as_empty(status));
  }
}

TEST_CASE("one address has its share of connections over gRPC, others have theirs") {
  LimitedGrpc f({"limits.connections_per_address=4"});
  std::list<Socket> crowd;
  for (int i = 0; i < 12; ++i)
    crowd.emplace_back(f.server.grpc_port(), "127.0.0.2");
  REQUIRE(f.refuses_in_time("connections_per_address", 8));

  CHECK(f.refused("connections_per_address") == 8);
  CHECK(LimitedGrpc::refused_as_empty(f.call()));
}

TEST_CASE("who connects to gRPC and says nothing, no HTTP/2, or calls nothing, is cut") {
  LimitedGrpc f({"http.head_timeout_ms=500", "http.idle_s=1"});
  Socket silent(f.server.grpc_port());
  Socket begun(f.server.grpc_port());
  begun.send("PRI * HTTP/2.0\r\n");
  Socket other(f.server.grpc_port());
  other.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  Socket idle(f.server.grpc_port());
  const std::string no_settings{"\0\0\0\x04\0\0\0\0\0", 9};
  idle.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + no_settings);

  CHECK(ends(idle));
  CHECK(ends(silent));
  CHECK(ends(begun));
  CHECK(ends(other));
  CHECK(LimitedGrpc::refused_as_empty(f.call()));
}

TEST_CASE("a call over gRPC whose request does not come ends, and its connection after it") {
  LimitedGrpc f({"http.idle_s=1"});
  const auto path = GENERATE(as<std::string>(), "/pb.UserExt/SignIn", "/pb.LogicExt/Receive",
                             "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
  const bool begins = GENERATE(false, true);
  CAPTURE(path, begins);
  Socket socket(f.server.grpc_port());
  socket.send(head_of_call(path));
  // Of a message of 100 bytes, five.
  const std::string part{"\0\0\0\0\x64hello", 10};
  if (begins) socket.send(http2_frame(0, 1, part));

  std::string answer;
  while (socket.receive(answer)) {
  }
  CHECK(answer.find("grpc-status") != std::string::npos);
  CHECK(LimitedGrpc::refused_as_empty(f.call()));
}

#endif
