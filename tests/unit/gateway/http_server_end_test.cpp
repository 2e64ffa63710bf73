// How connections of the HTTP server end: deadlines, resets, drain; and what it tells of that.
#include "http_house.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::gateway;
using namespace linnet::gateway::fakes;
using asio::ip::tcp;

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

TEST_CASE("draining waits for nobody who does not get on, and answers who has just come") {
  House house;
  Client no_body(house);
  no_body.send("POST /pb.UserExt/GetUser HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n{");
  Client half(house);
  half.send("GET / HTTP/1.1\r\nHo");
  Client silent(house);
  Client newcomer(house);
  // What each has sent is read.
  while (house.on_shard([&] { return house.server->open_connections(); }) < 4)
    std::this_thread::yield();

  house.on_shard([&] { house.server->drain(); });
  newcomer.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  auto answer = newcomer.read();
  CHECK(answer.status == 200);
  CHECK(answer.has("Connection: close"));
  CHECK(newcomer.ends());
  CHECK(no_body.read().status == 408);
  no_body.half_close();
  CHECK(half.read().status == 408);
  half.half_close();
  CHECK(silent.ends());
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
