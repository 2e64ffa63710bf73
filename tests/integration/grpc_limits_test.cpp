// The gRPC door counts among the others.
#ifdef LINNET_GRPC

#include "grpc_kit.hpp"
#include "limited.hpp"

#include "linnet/base/error.hpp"

#include <future>
#include <list>
#include <stdexcept>
#include <string>

using namespace linnet;
using namespace linnet::test;

namespace {

constexpr char kHttp2Data = 0;
constexpr char kHttp2Headers = 1;
constexpr char kHttp2Priority = 2;
constexpr char kHttp2Reset = 3;
constexpr char kHttp2Settings = 4;
constexpr char kHttp2EndHeaders = 4;
constexpr char kHttp2EndStream = 1;
constexpr std::size_t kHttp2FrameHead = 9;

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
std::string http2_frame(char type, int stream, const std::string& payload, char flags = 0) {
  const auto length = payload.size();
  std::string bytes{static_cast<char>(length >> 16U), static_cast<char>(length >> 8U),
                    static_cast<char>(length), type};
  bytes += static_cast<char>(flags | (type == kHttp2Headers ? kHttp2EndHeaders : 0));
  bytes += {0, 0, static_cast<char>(stream >> 8), static_cast<char>(stream)};
  return bytes + payload;
}

std::string beginning() {
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2_frame(kHttp2Settings, 0, "");
}

// Of a call; its request is to come.
std::string head_of_call(const std::string& path, int stream = 1) {
  const auto text = [](const std::string& value) {
    return static_cast<char>(value.size()) + value;
  };
  std::string head{"\x83\x86"};  // POST, http
  head += "\x04" + text(path) + "\x01" + text("x");
  head += std::string{"\0", 1} + text("content-type") + text("application/grpc");
  head += std::string{"\0", 1} + text("te") + text("trailers");
  return http2_frame(kHttp2Headers, stream, head);
}

// So many calls of `path`, at most 64, all at once, each with these bytes as its request.
void call_at_once(Socket& socket, int count, const std::string& path, const std::string& request) {
  std::string bytes = beginning();
  for (int i = 0; i < count; ++i) {
    const int stream = 2 * i + 1;
    bytes += head_of_call(path, stream);
    bytes += http2_frame(kHttp2Data, stream, request, kHttp2EndStream);
  }
  socket.send(bytes);
}

// How many are answered until there are `enough` or the connection ends.
int answered(Socket& socket, int enough) {
  std::string bytes;
  int answers = 0;
  for (std::size_t at = 0; answers < enough;) {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(bytes[at + i]); };
    if (bytes.size() - at < kHttp2FrameHead) {
      if (!socket.receive(bytes)) break;
      continue;
    }
    if (octet(3) == kHttp2Headers) ++answers;
    at += kHttp2FrameHead + (octet(0) << 16U | octet(1) << 8U | octet(2));
    while (bytes.size() < at && socket.receive(bytes)) {
    }
    if (bytes.size() < at) break;
  }
  return answers;
}

// A call that its client cancels at once.
std::string cancelled_call(const std::string& path, int stream) {
  const std::string cancel{"\0\0\0\x08", 4};
  return head_of_call(path, stream) + http2_frame(kHttp2Reset, stream, cancel);
}

// So many, of ever new streams.
std::string cancelled_calls(const std::string& path, int count) {
  std::string all;
  for (int i = 0; i < count; ++i)
    all += cancelled_call(path, 2 * i + 101);
  return all;
}

// Sends what may be cut in the middle, and waits for the end.
bool is_cut_for(Socket& socket, const std::string& bytes) {
  try {
    socket.send(bytes);
  } catch (const std::runtime_error&) {
    return true;
  }
  return ends(socket);
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
  socket.send(beginning() + head_of_call(path));
  // Of a message of 100 bytes, five.
  const std::string part{"\0\0\0\0\x64hello", 10};
  if (begins) socket.send(http2_frame(kHttp2Data, 1, part));

  std::string answer;
  while (socket.receive(answer)) {
  }
  CHECK(answer.find("grpc-status") != std::string::npos);
  CHECK(LimitedGrpc::refused_as_empty(f.call()));
}

TEST_CASE("refused calls over gRPC beyond the burst are answered later, whatever is refused") {
  LimitedGrpc f({"limits.refusals_per_second=50", "limits.refusals_burst=20"});
  struct Kind {
    const char* path;
    std::string request;
  };
  const std::string empty(5, '\0');  // a message of no bytes
  const std::string broken{"\0\0\0\0\1\xff", 6};
  const Kind kinds[] = {
      {"/pb.LogicExt/NoSuchMethod", empty},
      {"/pb.LogicExt/SendMessage", empty},  // nobody's
      {"/pb.LogicExt/Receive", empty},
      {"/pb.UserExt/SignIn", broken},
      {"/pb.UserExt/SignIn", ""},
      {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", broken},
  };
  for (const auto& kind : kinds) {
    CAPTURE(kind.path, kind.request.size());
    const auto before = f.refused("refusals");
    Socket local(f.server.grpc_port());
    call_at_once(local, 60, kind.path, kind.request);
    CHECK(answered(local, 60) == 60);
    CHECK(f.refused("refusals") == before);  // everybody may come from there, through a proxy

    const auto began = std::chrono::steady_clock::now();
    Socket far(f.server.grpc_port(), "127.0.0.2");
    call_at_once(far, 60, kind.path, kind.request);
    CHECK(answered(far, 60) == 60);
    // 20 at once, then 40 at 50 a second.
    CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(780));
    CHECK(f.refused("refusals") > before);
  }
}

TEST_CASE("questions of reflection over gRPC beyond the burst are answered later") {
  LimitedGrpc f({"limits.refusals_per_second=50", "limits.refusals_burst=20"});
  const char* path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  const std::string what_services{"\0\0\0\0\3\x3a\1*", 8};
  // A head before what is answered, and one behind it.
  constexpr int kHeads = 2 * 60;
  Socket local(f.server.grpc_port());
  call_at_once(local, 60, path, what_services);
  CHECK(answered(local, kHeads) == kHeads);
  CHECK(f.refused("refusals") == 0);

  const auto began = std::chrono::steady_clock::now();
  Socket far(f.server.grpc_port(), "127.0.0.2");
  call_at_once(far, 60, path, what_services);
  CHECK(answered(far, kHeads) == kHeads);
  CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(780));
  CHECK(f.refused("refusals") > 0);
  // Those who go and those who wait when the server stops hold nothing up.
  {
    Socket goes(f.server.grpc_port(), "127.0.0.2");
    call_at_once(goes, 60, path, what_services);
    CHECK(answered(goes, 1) == 1);
  }
  Socket stays(f.server.grpc_port(), "127.0.0.2");
  call_at_once(stays, 60, path, what_services);
  CHECK(answered(stays, 1) == 1);
  CHECK(f.server.stop() == 0);
}

TEST_CASE("calls over gRPC that are carried out have no pace, whatever they answer") {
  LimitedGrpc f({"limits.refusals_per_second=1", "limits.refusals_burst=1"});
  Socket far(f.server.grpc_port(), "127.0.0.2");
  call_at_once(far, 60, "/pb.UserExt/SignIn", std::string(5, '\0'));
  CHECK(answered(far, 60) == 60);
  CHECK(f.refused("refusals") == 0);
}

TEST_CASE("who cancels calls over gRPC again and again is cut, and its address let in later") {
  LimitedGrpc f({"limits.refusals_per_second=10", "limits.bytes_burst=100000000"});
  const auto path = GENERATE(as<std::string>(), "/pb.LogicExt/Receive", "/pb.UserExt/SignIn",
                             "/pb.LogicExt/NoSuchMethod");
  CAPTURE(path);
  const std::string empty(5, '\0');
  Socket local(f.server.grpc_port());
  call_at_once(local, 1, "/pb.UserExt/SignIn", empty);
  local.send(cancelled_calls(path, 1000));  // everybody may come from there
  Socket beside(f.server.grpc_port(), "127.0.0.2");
  call_at_once(beside, 1, "/pb.UserExt/SignIn", empty);
  beside.send(cancelled_calls(path, 80));

  Socket far(f.server.grpc_port(), "127.0.0.2");
  CHECK(is_cut_for(far, beginning() + cancelled_calls(path, 1000)));
  CHECK(f.refused("grpc_waste") == 1);
  Socket again(f.server.grpc_port(), "127.0.0.2");
  CHECK(ends(again));
  CHECK(f.refused("grpc_waste") == 2);

  // Who was there stays, and others come.
  for (auto* socket : {&local, &beside}) {
    const auto call = head_of_call("/pb.UserExt/SignIn", 8191);
    socket->send(call + http2_frame(kHttp2Data, 8191, empty, kHttp2EndStream));
    CHECK(answered(*socket, 2) == 2);
  }
  CHECK(LimitedGrpc::refused_as_empty(f.call()));
  CHECK(f.refused("grpc_waste") == 2);
}

TEST_CASE("frames over gRPC that belong to no call are bounded, the calls' own are not") {
  LimitedGrpc f({"limits.bytes_per_second=640", "limits.bytes_burst=80000"});
  constexpr int kCalls = 60;
  Socket busy(f.server.grpc_port(), "127.0.0.3");
  // A message that is no valid request, of 1,000 bytes: in all six times what may be wasted.
  const auto message = std::string{"\0\0\0\3\xe8", 5} + std::string(1000, '\xff');
  call_at_once(busy, kCalls, "/pb.UserExt/SignIn", message);
  REQUIRE(f.refuses_in_time("refusals", 1));

  const auto words = GENERATE(http2_frame(kHttp2Settings, 0, ""),
                              http2_frame(kHttp2Priority, 1, std::string(5, '\0')));
  CAPTURE(words);
  Socket far(f.server.grpc_port(), "127.0.0.2");
  std::string many = beginning();
  while (many.size() < 100'000)
    many += words;
  CHECK(is_cut_for(far, many));
  CHECK(f.refused("grpc_waste") == 1);

  CHECK(answered(busy, kCalls) == kCalls);
}

TEST_CASE("refusals over gRPC that wait are all answered when the server stops") {
  LimitedGrpc f({"limits.refusals_per_second=1", "limits.refusals_burst=1"});
  Socket stays(f.server.grpc_port(), "127.0.0.2");
  call_at_once(stays, 60, "/pb.LogicExt/NoSuchMethod", std::string(5, '\0'));
  {
    Socket goes(f.server.grpc_port(), "127.0.0.2");
    call_at_once(goes, 60, "/pb.LogicExt/SendMessage", std::string(5, '\0'));
    CHECK(answered(goes, 1) == 1);
    REQUIRE(f.refuses_in_time("refusals", 118));
  }
  f.check_served("100");
  CHECK(answered(stays, 1) == 1);
  auto stopped = std::async(std::launch::async, [&] { return f.server.stop(); });
  // Not one after the other for a minute.
  CHECK(answered(stays, 59) == 59);
  stays.close();
  CHECK(stopped.get() == 0);
}

#endif
