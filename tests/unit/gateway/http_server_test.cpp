// The HTTP server on real loopback sockets: framing, keep-alive, limits, deadlines, upgrade, drain.
#include "http/server.hpp"
#include "http_fakes.hpp"

#include "linnet/base/random.hpp"

#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <array>
#include <cerrno>
#include <future>
#include <sys/socket.h>
#include <thread>
#include <vector>

using namespace linnet;
using namespace linnet::gateway;
using namespace linnet::gateway::fakes;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

class Sink final : public UpgradeSink {
 public:
  void upgraded(Upgraded connection) override { promise.set_value(std::move(connection)); }
  void streaming(TcpSocket, Gate::Ticket, StreamStart start) override {
    stream.set_value(std::move(start));
  }
  std::promise<Upgraded> promise;
  std::promise<StreamStart> stream;
};

HttpOptions quick() {
  HttpOptions options;
  options.header_bytes = 2048;
  options.body_bytes = 1000;
  return options;
}

// A shard with the server on it, and sockets connected to it.
struct House : World {
  explicit House(const HttpOptions& http = quick()) {
    init_random();
    shard = std::make_unique<Shard>(0);
    server = std::make_unique<HttpServer>(*shard, api, clock, log, refusals, http, sink);
    shard->start();
  }
  ~House() {
    shard->stop();
    server.reset();  // before the context with its frames
    shard.reset();
  }
  template <class F>
  auto on_shard(F task) {
    using R = decltype(task());
    std::promise<R> done;
    shard->post([&] {
      if constexpr (std::is_void_v<R>) {
        task();
        done.set_value();
      } else {
        done.set_value(task());
      }
    });
    return done.get_future().get();
  }
  std::size_t open() {
    return on_shard([&] { return server->open_connections(); });
  }
  bool closes_all() {
    for (auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
         std::chrono::steady_clock::now() < until;) {
      if (open() == 0) return true;
      std::this_thread::yield();
    }
    return false;
  }

  Refusals refusals;
  Sink sink;
  std::unique_ptr<Shard> shard;
  std::unique_ptr<HttpServer> server;
};

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

// A blocking client; reads give up after five seconds.
class Client {
 public:
  explicit Client(House& house) : socket_(context_) {
    TcpListener acceptor(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    socket_.connect(acceptor.local_endpoint());
    TcpSocket accepted(house.shard->context());
    acceptor.accept(accepted);
    timeval limit{5, 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    house.on_shard([&] { house.server->serve(std::move(accepted)); });
  }

  void send(std::string_view bytes) { asio::write(socket_, asio::buffer(bytes)); }
  Answer read(bool with_body = true) {
    Answer answer;
    while (received_.find("\r\n\r\n") == std::string::npos)
      if (receive() <= 0) return answer;
    answer.head = take(received_.find("\r\n\r\n") + 4);
    answer.status = std::stoi(answer.head.substr(9, 3));
    auto at = answer.head.find("Content-Length: ");
    if (at == std::string::npos || !with_body) return answer;
    auto length = std::stoul(answer.head.substr(at + 16));
    while (received_.size() < length && receive() > 0) {
    }
    answer.body = take(std::min<std::size_t>(length, received_.size()));
    return answer;
  }
  // Whether the server closes, having sent nothing more.
  bool ends() {
    if (!received_.empty()) return false;
    errno = 0;
    auto got = receive();
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }
  void half_close() { socket_.shutdown(TcpSocket::shutdown_send); }

 private:
  // Not by Asio, whose blocking reads know no deadline.
  ssize_t receive() {
    std::array<char, 4096> chunk{};
    auto got = ::recv(socket_.native_handle(), chunk.data(), chunk.size(), 0);
    if (got > 0) received_.append(chunk.data(), static_cast<std::size_t>(got));
    return got;
  }
  std::string take(std::size_t size) {
    auto taken = received_.substr(0, size);
    received_.erase(0, size);
    return taken;
  }
  asio::io_context context_;
  TcpSocket socket_;
  std::string received_;
};

const std::string kAuthorization = "Authorization: Bearer " + std::string(kToken) + "\r\n";

std::string get_user(int id, const std::string& headers = "") {
  auto body = R"({"userId":")" + std::to_string(id) + R"("})";
  return "POST /pb.UserExt/GetUser HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" +
         kAuthorization + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

}  // namespace

TEST_CASE("pipelined requests are answered in order on one connection") {
  House house;
  Client client(house);
  client.send(get_user(1) + get_user(2) + "GET / HTTP/1.1\r\nHost: h\r\n\r\n" + get_user(3));

  CHECK(client.read().body.find("\"1\"") != std::string::npos);
  CHECK(client.read().body.find("\"2\"") != std::string::npos);
  CHECK(client.read().body.find("<!doctype html>") == 0);
  CHECK(client.read().body.find("\"3\"") != std::string::npos);
  CHECK(house.open() == 1);
}

TEST_CASE("a request that comes byte by byte is answered as a whole one") {
  House house;
  Client client(house);
  for (char byte : get_user(12))
    client.send(std::string_view(&byte, 1));
  CHECK(client.read().status == 200);
}

TEST_CASE("a chunked body is read, up to the limit") {
  House house;
  const std::string head =
      "POST /pb.UserExt/GetUser HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" +
      kAuthorization + "Transfer-Encoding: chunked\r\n\r\n";
  Client good(house);
  good.send(head + "3\r\n{\"u\r\nd\r\nserId\":\"100\"}\r\n0\r\n\r\n");
  CHECK(good.read().body.find("\"100\"") != std::string::npos);

  Client bad(house);
  bad.send(head + "800\r\n" + std::string(2048, ' '));
  auto answer = bad.read();
  CHECK(answer.status == 429);
  CHECK(answer.body.find("resource_exhausted") != std::string::npos);
  CHECK(answer.body.find("2004") != std::string::npos);
  CHECK(answer.has("Connection: close"));
  CHECK(bad.ends());
}

TEST_CASE(
    "a body that is announced as too large is refused before it is sent, and the answer arrives") {
  House house;
  Client client(house);
  client.send(
      "POST /pb.UserExt/GetUser HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
      "Content-Length: 2000000\r\n\r\n");
  client.send(std::string(100000, 'x'));  // still sending when the answer comes
  auto answer = client.read();
  CHECK(answer.status == 429);
  client.half_close();
  CHECK(client.ends());
  CHECK(house.closes_all());
}

TEST_CASE("a head over the limit is refused") {
  House house;
  Client client(house);
  client.send("GET / HTTP/1.1\r\nHost: h\r\nX-Long: " + std::string(4000, 'x') + "\r\n\r\n");
  CHECK(client.read().status == 431);
  CHECK(client.ends());
}

TEST_CASE("requests whose end is doubtful are refused and the connection closed") {
  const std::string post = "POST /pb.UserExt/GetUser HTTP/1.1\r\nHost: h\r\n";
  for (const auto& bad :
       {post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: gzip\r\n\r\n",
        post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        post + "Content-Length: -1\r\n\r\n", post + "Content-Length: 2x\r\n\r\n{}",
        std::string("GET / HTTP/1.1\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        std::string("nonsense\r\n\r\n"), std::string("GET / HTTP/9.9\r\nHost: h\r\n\r\n"),
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        std::string("GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n")}) {
    House house;
    Client client(house);
    client.send(bad);
    auto answer = client.read();
    INFO(bad);
    CHECK(answer.status == 400);
    CHECK(answer.has("Connection: close"));
    CHECK(client.ends());
    CHECK(house.handlers.calls == 0);
  }
}

TEST_CASE("a client that waits for 100 Continue gets it, then its answer") {
  House house;
  Client client(house);
  auto call = get_user(5, "Expect: 100-continue\r\n");
  auto split = call.find("\r\n\r\n") + 4;
  client.send(call.substr(0, split));
  CHECK(client.read().status == 100);
  client.send(call.substr(split));
  CHECK(client.read().status == 200);

  client.send(get_user(6, "Expect: 100-continue\r\n"));  // did not wait
  auto next = client.read();
  CHECK((next.status == 100 ? client.read() : next).status == 200);
}

TEST_CASE("HTTP/1.0 is answered and closed unless it asks to be kept") {
  House house;
  Client once(house);
  once.send("GET / HTTP/1.0\r\n\r\n");
  auto answer = once.read();
  CHECK(answer.status == 200);
  CHECK(answer.has("HTTP/1.0 200"));
  CHECK(answer.has("Connection: close"));
  CHECK(once.ends());

  Client kept(house);
  kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(kept.read().has("Connection: keep-alive"));
  kept.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(kept.read().status == 200);
}

TEST_CASE("HEAD of the page tells its length and sends none of it") {
  House house;
  Client client(house);
  client.send(
      "HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  auto head = client.read(false);
  CHECK(head.status == 200);
  CHECK(head.has("Content-Length: "));
  auto page = client.read();
  CHECK(page.status == 200);
  CHECK(head.has("Content-Length: " + std::to_string(page.body.size()) + "\r\n"));
  CHECK(client.ends());
}

TEST_CASE("a handshake hands over the socket with the bytes that came behind it") {
  House house;
  Client client(house);
  client.send(
      "GET /ws?user_id=7&device_id=70&format=json&request_id=3&token=" + std::string(kToken) +
      " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nearly");
  CHECK(client.read().status == 101);

  auto upgraded = house.sink.promise.get_future().get();
  CHECK(upgraded.identity.user == UserId(7));
  CHECK(upgraded.identity.device == DeviceId(70));
  CHECK(upgraded.text);
  CHECK(upgraded.request_id == 3);
  CHECK(upgraded.early == "early");
  asio::write(upgraded.socket, asio::buffer("HTTP/1.1 299 x\r\n\r\n", 18));
  CHECK(client.read().status == 299);
  CHECK(house.closes_all());
}

TEST_CASE("a refused handshake is an HTTP answer on a connection that lives on") {
  House house;
  Client client(house);
  client.send(
      "GET /ws?user_id=7&device_id=70&token=wrong HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  auto answer = client.read();
  CHECK(answer.status == 401);
  CHECK(answer.body.find("\"code\":1003") != std::string::npos);
  client.send(get_user(1));
  CHECK(client.read().status == 200);
}

TEST_CASE("connections that say nothing, too little, or nothing more are closed in time") {
  auto options = quick();
  options.header_timeout = std::chrono::milliseconds(1000);
  options.idle_timeout = std::chrono::milliseconds(1000);
  House house(options);
  Client silent(house);
  Client slow(house);
  slow.send("GET / HTTP/1.1\r\nHo");
  Client no_body(house);
  no_body.send("POST /pb.UserExt/GetUser HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n{");
  Client idle(house);
  idle.send(get_user(1));
  CHECK(idle.read().status == 200);

  CHECK(silent.ends());
  // Who has begun to ask is told.
  for (auto* late : {&slow, &no_body}) {
    auto answer = late->read();
    CHECK(answer.status == 408);
    CHECK(answer.body.find("deadline_exceeded") != std::string::npos);
    late->half_close();
    CHECK(late->ends());
  }
  CHECK(idle.ends());
  CHECK(house.closes_all());
}

TEST_CASE("draining closes idle connections and lets the others finish") {
  House house;
  house.handlers.slow_ms = 100;
  Client idle(house);
  idle.send(get_user(1));
  CHECK(idle.read().status == 200);
  Client busy(house);
  busy.send(
      "POST /pb.UserExt/SignIn HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
      "Content-Length: 2\r\n\r\n{}");
  while (house.on_shard([&] { return house.handlers.calls; }) < 2)
    std::this_thread::yield();

  house.on_shard([&] { house.server->drain(); });

  CHECK(idle.ends());
  auto answer = busy.read();
  CHECK(answer.status == 200);
  CHECK(answer.has("Connection: close"));
  CHECK(busy.ends());
  CHECK(house.closes_all());
}

TEST_CASE("a request that came before its peer reset the connection counts for its address") {
  House house;
  const auto gate = std::make_shared<Gate>(GateOptions(), house.refusals);
  asio::io_context context;
  TcpListener acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  TcpSocket peer(context);
  peer.connect(acceptor.local_endpoint());
  TcpSocket accepted(house.shard->context());
  acceptor.accept(accepted);
  auto ticket = gate->enter(accepted.remote_endpoint().address());
  asio::write(peer, asio::buffer(get_user(1)));
  peer.set_option(asio::socket_base::linger(true, 0));
  peer.close();
  house.on_shard([&] { house.server->serve(std::move(accepted), std::move(ticket)); });

  CHECK(house.closes_all());
  CHECK(house.handlers.calls == 1);
  CHECK(house.handlers.last_caller.address == "127.0.0.1");
}

TEST_CASE("health is told to whoever asks, with GET or HEAD") {
  House house;
  Client client(house);
  const std::string rest = " HTTP/1.1\r\nHost: h\r\n\r\n";
  client.send("GET /healthz" + rest);
  CHECK(client.read().body == "{\"status\":\"alive\"}\n");
  client.send("GET /readyz" + rest);
  auto ready = client.read();
  CHECK(ready.status == 200);
  CHECK(ready.has("Cache-Control: no-store"));
  CHECK(ready.body == "{\"status\":\"ready\"}\n");
  client.send("HEAD /readyz" + rest);
  CHECK(client.read(false).status == 200);
  client.send("POST /readyz HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  CHECK(client.read().has("Allow: GET, HEAD"));
}

TEST_CASE("a server that drains says that it is not ready, to who asks on an open connection") {
  House house;
  Client client(house);
  // The second begins in the segment of the first, so that its beginning is known to be there.
  client.send("GET /readyz HTTP/1.1\r\nHost: h\r\n\r\nGET /readyz HTTP/1.1\r\nHo");
  CHECK(client.read().status == 200);

  house.on_shard([&] { house.server->drain(); });
  client.send("st: h\r\n\r\n");

  auto answer = client.read();
  CHECK(answer.status == 503);
  CHECK(answer.body == "{\"status\":\"draining\"}\n");
  CHECK(answer.has("Connection: close"));
}

TEST_CASE("the server may go while its connections are in any state") {
  auto house = std::make_unique<House>();
  house->handlers.slow_ms = 60000;
  Client silent(*house);
  Client half(*house);
  half.send("GET / HT");
  Client idle(*house);
  idle.send(get_user(1));
  CHECK(idle.read().status == 200);
  Client busy(*house);
  busy.send(
      "POST /pb.UserExt/SignIn HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
      "Connect-Timeout-Ms: 50000\r\nContent-Length: 2\r\n\r\n{}");
  while (house->on_shard([&] { return house->handlers.calls; }) < 2)
    std::this_thread::yield();
  CHECK(house->open() == 4);

  house.reset();

  CHECK(silent.ends());
  CHECK(half.ends());
  CHECK(idle.ends());
  CHECK(busy.ends());
}
