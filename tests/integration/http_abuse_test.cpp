// HTTP as no honest client speaks it: two ends of one message, heads without end, broken chunks.
// Each is refused or the connection ends, and nothing behind it is taken for a request.
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

using namespace linnet;
using namespace linnet::test;

namespace {

struct Case {
  std::string what;
  std::string bytes;
};

std::size_t answers_in(const std::string& heard) {
  std::size_t count = 0;
  for (auto at = heard.find("HTTP/1.1 "); at != std::string::npos;
       at = heard.find("HTTP/1.1 ", at + 1))
    ++count;
  return count;
}

std::vector<Case> framing() {
  const std::string head =
      "POST /pb.UserExt/SignIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const std::string smuggled = "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  std::vector<Case> all;
  const std::vector<std::string> lengths{
      "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
      "Content-Length: 2\r\nContent-Length: 2\r\n",
      "Content-Length: 2\r\nContent-Length: 40\r\n",
      "Content-Length: 2, 40\r\n",
      "Content-Length: +2\r\n",
      "Content-Length: -2\r\n",
      "Content-Length: 0x2\r\n",
      "Content-Length: 2 2\r\n",
      "Content-Length: 2a\r\n",
      "Content-Length: 99999999999999999999\r\n",
      "Content-Length: 18446744073709551617\r\n",
      "Content-Length:\r\n",
      "Content-Length : 2\r\n",
      "Transfer-Encoding: xchunked\r\n",
      "Transfer-Encoding: chunked, identity\r\n",
      "Transfer-Encoding: identity, chunked\r\n",
      "Transfer-Encoding: gzip, chunked\r\n",
      "Transfer-Encoding: chunked, chunked\r\n",
      "Transfer-Encoding : chunked\r\n",
      "Transfer-Encoding:\x0b"
      "chunked\r\n",
      "Transfer-Encoding: \"chunked\"\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
      "X: y\x01z\r\nContent-Length: 2\r\n",
      std::string("X: y\0z\r\nContent-Length: 2\r\n", 28),
      "X y: z\r\nContent-Length: 2\r\n",
      "no colon\r\nContent-Length: 2\r\n",
      ": no name\r\nContent-Length: 2\r\n",
      "Host: y\r\nContent-Length: 2\r\n",
  };
  for (const auto& length : lengths)
    all.push_back({length, head + length + "\r\n{}" + smuggled});
  for (const std::string chunk :
       {"zz\r\n{}\r\n", "-2\r\n{}\r\n", "2 2\r\n{}\r\n", "11111111111111111\r\n{}\r\n",
        "ffffffffffffffff\r\n{}\r\n", "2\r\n{}x\r\n", "0x2\r\n{}\r\n", "2\n{}\r\n"})
    all.push_back({"chunk " + chunk, chunked + chunk + "0\r\n\r\n" + smuggled});
  return all;
}

std::vector<Case> lines() {
  std::string many = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 2000; ++i)
    many += "X-" + std::to_string(i) + ": y\r\n";
  return {
      {"a head without end", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + std::string(40000, 'y')},
      {"a target without end", "GET /" + std::string(40000, 'y')},
      {"two thousand fields", many + "\r\n"},
      {"no Host", "GET /healthz HTTP/1.1\r\n\r\n"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"HTTP/3.0", "GET /healthz HTTP/3.0\r\nHost: x\r\n\r\n"},
      {"no version", "GET /healthz\r\nHost: x\r\n\r\n"},
      {"a blank too many", "GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"a control byte in the target", "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n"},
      {"a method of odd bytes", "G\"T /healthz HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"SMTP", "EHLO x\r\n\r\n"},
  };
}

}  // namespace

TEST_CASE("a request whose end is doubtful is refused, and what hides behind it is not served") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  for (const auto& one : framing()) {
    CAPTURE(one.what);
    Socket socket(server.http_port());
    socket.send(one.bytes);
    socket.shut_down_sending();
    std::string heard;
    while (socket.receive(heard)) {
    }
    CAPTURE(heard);
    CHECK(answers_in(heard) <= 1);
    CHECK(heard.find("ready") == std::string::npos);
    CHECK(heard.find("HTTP/1.1 2") == std::string::npos);
  }
  CHECK(http(server.http_port(), "GET", "/healthz").status == 200);
}

TEST_CASE("what is no HTTP/1.1 is refused or left, within its limits") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  for (const auto& one : lines()) {
    CAPTURE(one.what);
    Socket socket(server.http_port());
    socket.send(one.bytes);
    socket.shut_down_sending();
    std::string heard;
    while (socket.receive(heard)) {
    }
    CAPTURE(heard);
    CHECK(answers_in(heard) <= 1);
    CHECK(heard.find("HTTP/1.1 2") == std::string::npos);
  }
  CHECK(http(server.http_port(), "GET", "/healthz").status == 200);
}

TEST_CASE("what comes between chunks, or after them, is no longer than a buffer") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  const std::string head =
      "POST /pb.UserExt/SignIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string begun : {"1;", "1\r\n{\r\n2;", "0\r\nX: "}) {
    CAPTURE(begun);
    Socket socket(server.http_port());
    socket.send(head + begun);
    const std::string much(64 * 1024, 'a');
    std::size_t sent = 0;
    // Refused long before: the sending fails then, or an answer is there.
    try {
      while (sent < 16 * 1024 * 1024 && !socket.readable(std::chrono::milliseconds(0))) {
        socket.send(much);
        sent += much.size();
      }
    } catch (const std::exception&) {
    }
    CHECK(sent < 16 * 1024 * 1024);
  }
  CHECK(http(server.http_port(), "GET", "/healthz").status == 200);
}

TEST_CASE(
    "a thousand requests in one segment are answered in order; what follows nonsense is not") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  Socket socket(server.http_port());
  std::string all;
  for (int i = 0; i < 1000; ++i)
    all += i % 2 == 0 ? "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                      : "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n";
  socket.send(all + "nonsense\r\n\r\n" + all);
  socket.shut_down_sending();
  std::string heard;
  while (socket.receive(heard)) {
  }
  CHECK(answers_in(heard) == 1001);
  const auto alive = heard.find("alive");
  const auto ready = heard.find("\"ready\"");
  CHECK(alive < ready);
  CHECK(heard.rfind("HTTP/1.1 400") > heard.rfind("HTTP/1.1 200"));
}

TEST_CASE("an expectation that is none of ours, and a body that is larger than said, do no harm") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  Socket odd(server.http_port());
  odd.send("GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nConnection: close\r\n\r\n");
  std::string heard;
  while (odd.receive(heard)) {
  }
  CHECK(answers_in(heard) == 1);

  // Who waits for 100 Continue with a body over the limit is told before it is sent.
  Socket large(server.http_port());
  large.send(
      "POST /pb.UserExt/SignIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
      "Content-Length: 900000000\r\nExpect: 100-continue\r\n\r\n");
  heard.clear();
  while (large.receive(heard)) {
  }
  CHECK(heard.find("HTTP/1.1 100") == std::string::npos);
  CHECK(heard.find("HTTP/1.1 429") != std::string::npos);
}

TEST_CASE("chunks that come byte by byte are a request like any other") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  for (const std::string body : {"0\r\n\r\n", "2\r\n{}\r\n0\r\n\r\n", "0\r\nX: y\r\n\r\n"}) {
    CAPTURE(body);
    Socket socket(server.http_port());
    socket.send(
        "POST /pb.UserExt/SignIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (char byte : body) {
      socket.send(std::string(1, byte));
      // Else they arrive together.
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    std::string heard;
    while (socket.receive(heard)) {
    }
    CHECK(answers_in(heard) == 1);
    // It has been read as a sign-in, without a number.
    CHECK(heard.find("\"code\"") != std::string::npos);
  }
  CHECK(http(server.http_port(), "GET", "/healthz").status == 200);
}
