// The strict reader of HTTP answers, whole, in pieces and under attack.
#include "http_reader.hpp"

#include "connect_error.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace linnet;
using namespace linnet::client;

namespace {

Result<HttpAnswer> read(std::string bytes, HttpLimits limits = {}) {
  HttpReader reader(limits);
  auto whole = reader.feed(bytes);
  if (!whole) return whole.take_error();
  if (!*whole) return Error(ErrCode::kTimeout);  // wants more
  return reader.take();
}

const std::string kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "4;x=y\r\nabcd\r\n1\r\ne\r\n0\r\nTrailer: 1\r\n\r\n";

}  // namespace

TEST_CASE("an answer is read by its length or its chunks") {
  auto plain = read("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nX-A:  b \r\n\r\nabc");
  REQUIRE(plain);
  CHECK(plain->status == 404);
  CHECK(plain->body == "abc");
  CHECK(plain->header("x-a") == "b");
  CHECK(plain->keep_alive);

  auto chunked = read(kChunked);
  REQUIRE(chunked);
  CHECK(chunked->body == "abcde");
}

TEST_CASE("an answer is the same however it is cut") {
  HttpReader reader;
  std::string pending;
  bool whole = false;
  for (std::size_t i = 0; i < kChunked.size(); ++i) {
    REQUIRE_FALSE(whole);
    pending += kChunked[i];
    auto fed = reader.feed(pending);
    REQUIRE(fed);
    whole = *fed;
  }
  REQUIRE(whole);
  CHECK(reader.take().body == "abcde");
}

TEST_CASE("what follows an answer is left") {
  HttpReader reader;
  std::string bytes = "HTTP/1.1 101 Switching Protocols\r\n\r\nframes";
  REQUIRE(*reader.feed(bytes));
  CHECK(bytes == "frames");
  CHECK(reader.take().status == 101);
}

TEST_CASE("an interim answer is read over") {
  auto answer = read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  REQUIRE(answer);
  CHECK(answer->status == 204);
}

TEST_CASE("a connection is kept unless the server says otherwise") {
  CHECK_FALSE(
      read("HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n")->keep_alive);
  CHECK_FALSE(read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")->keep_alive);
}

TEST_CASE("answers that are ambiguous or no HTTP are refused") {
  auto bytes = GENERATE(
      as<std::string>(), "SMTP ready\r\n\r\n", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 999 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: b\x01\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n");
  INFO(bytes);
  CHECK(read(bytes).code() == ErrCode::kServerUnknown);
}

TEST_CASE("an answer without end is refused at the limit") {
  HttpLimits small;
  small.head_bytes = 100;
  small.body_bytes = 10;
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunks = ok + "Transfer-Encoding: chunked\r\n\r\n";
  CHECK(read(ok + std::string(200, 'a'), small).code() == ErrCode::kServerUnknown);
  CHECK(read(ok + "Content-Length: 11\r\n\r\n", small).code() == ErrCode::kServerUnknown);
  CHECK(read(chunks + "6\r\nabcdef\r\n6\r\n", small).code() == ErrCode::kServerUnknown);
  CHECK(read(chunks + std::string(300, '0'), small).code() == ErrCode::kServerUnknown);
  std::string trailers;
  for (int i = 0; i < 20; ++i)
    trailers += "trailer: x\r\n";
  CHECK(read(chunks + "0\r\n" + trailers, small).code() == ErrCode::kServerUnknown);
}

TEST_CASE("the number of an error comes through, from the message that carries it") {
  // pb.ErrorInfo{code: 1003}, as unpadded base64.
  auto error = read_connect_error(
      401, R"({"code":"unauthenticated","message":"sign in","details":[{"type":"x"},
               {"type":"pb.ErrorInfo","value":"COsH","debug":{"code":1003}}]})");
  CHECK(error.code() == ErrCode::kUnauthorized);
  CHECK(error.message() == "sign in");
}

TEST_CASE("an error that is none of ours is judged by its status") {
  const std::vector<std::pair<int, ErrCode>> statuses = {
      {405, ErrCode::kMethodNotAllowed}, {408, ErrCode::kTimeout},
      {413, ErrCode::kTooLarge},         {415, ErrCode::kUnsupportedMedia},
      {502, ErrCode::kServerUnknown},    {503, ErrCode::kServerBusy},
      {504, ErrCode::kTimeout}};
  for (const auto& [status, code] : statuses) {
    CHECK(read_connect_error(status, "<html>busy</html>").code() == code);
    CHECK(read_short_error(status, "").code() == code);
  }
  CHECK(read_connect_error(429, "{}").code() == ErrCode::kRateLimited);
  CHECK(read_connect_error(401, "[1,2]").code() == ErrCode::kUnauthorized);
  CHECK(read_connect_error(404, R"({"details":5,"message":7})").code() == ErrCode::kUnimplemented);
  CHECK(read_connect_error(400, R"({"details":[{"type":"pb.ErrorInfo","value":"!"}]})").code() ==
        ErrCode::kBadRequest);
  CHECK(read_connect_error(500, std::string(100000, '[')).code() == ErrCode::kServerUnknown);
}
