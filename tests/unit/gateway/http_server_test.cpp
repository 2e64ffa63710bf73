// The HTTP server on real loopback sockets: framing, keep-alive, limits, upgrade.
#include "http_house.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::gateway;
using namespace linnet::gateway::fakes;

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

TEST_CASE("a head of more than 128 fields is refused, however short they are") {
  for (const int fields : {128, 129}) {
    House house;
    Client client(house);
    std::string head = "GET /healthz HTTP/1.1\r\nHost: h\r\n";
    for (int i = 1; i < fields; ++i)
      head += "a:\r\n";
    client.send(head + "\r\n");
    CHECK(client.read().status == (fields == 128 ? 200 : 431));
  }
}

TEST_CASE("requests whose end is doubtful are refused and the connection closed") {
  const std::string post = "POST /pb.UserExt/GetUser HTTP/1.1\r\nHost: h\r\n";
  for (const auto& bad :
       {post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: gzip\r\n\r\n",
        post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding:\r\nContent-Length: 2\r\n\r\n{}",
        post + "Transfer-Encoding: ,\r\nContent-Length: 2\r\n\r\n{}",
        std::string("POST /pb.UserExt/GetUser HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX-User-Id: 1\r\n\r\n",
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
