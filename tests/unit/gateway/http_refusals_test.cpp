// What is answered to requests that are refused before any method: for their framing, their size,
// or want of memory.
#include "http/beast_request.hpp"
#include "http/encoding.hpp"
#include "http/envelope.hpp"
#include "http/framing.hpp"
#include "http/grpc_web.hpp"

#include <boost/asio/buffer.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace linnet;
using namespace linnet::gateway;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

HttpRequest with_fields(unsigned version, const Fields& fields) {
  HttpRequest made;
  made.method = "POST";
  made.target = "/";
  made.version = version;
  for (const auto& [name, value] : fields)
    made.headers.add(name, value);
  return made;
}

// To a body of five bytes where four are allowed.
HttpResponse answer_to_large(const std::string& type) {
  Parser parser;
  parser.body_limit(4);
  parser.eager(true);
  const auto bytes = "POST /pb.UserExt/GetUser HTTP/1.1\r\nHost: h\r\nContent-Type: " + type +
                     "\r\nContent-Length: 5\r\n\r\n12345";
  boost::system::error_code error;
  parser.put(boost::asio::buffer(bytes), error);
  REQUIRE(error == boost::beast::http::error::body_limit);
  auto answer = read_failure(error, parser, HttpOptions());
  REQUIRE(answer);
  return *answer;
}

}  // namespace

TEST_CASE("a request of which nobody can say where it ends, or for whom it is, is refused") {
  const std::vector<Fields> good = {{{"Host", "h"}},
                                    {{"Host", "h"}, {"Content-Length", "1"}},
                                    {{"Host", "h"}, {"Transfer-Encoding", "Chunked"}}};
  for (const auto& fields : good)
    CHECK_FALSE(check_framing(with_fields(11, fields)));
  CHECK_FALSE(check_framing(with_fields(10, {})));

  const std::vector<Fields> bad = {
      {},
      {{"Host", "h"}, {"host", "h"}},
      {{"Host", "h"}, {"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}},
      {{"Host", "h"}, {"Content-Length", "1"}, {"Content-Length", "1"}},
      {{"Host", "h"}, {"Content-Length", "1, 1"}},
      {{"Host", "h"}, {"Transfer-Encoding", "gzip"}},
      {{"Host", "h"}, {"Transfer-Encoding", "gzip, chunked"}},
      {{"Host", "h"}, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}};
  for (const auto& fields : bad) {
    const auto refused = check_framing(with_fields(11, fields));
    INFO(nlohmann::json(fields));
    REQUIRE(refused);
    CHECK(refused->code() == ErrCode::kBadRequest);
  }
}

TEST_CASE("a body over the limit is told in the form of its protocol") {
  const auto number = std::to_string(static_cast<int>(ErrCode::kTooLarge));
  auto answer = answer_to_large("application/json");
  CHECK(answer.status == 429);
  CHECK(nlohmann::json::parse(answer.body)["code"] == "resource_exhausted");
  CHECK_THAT(answer.body, Catch::Contains("\"code\":" + number));

  answer = answer_to_large("application/grpc-web+proto");
  CHECK(answer.status == 200);
  CHECK(answer.refused);
  CHECK(answer.headers.first("Content-Type") == "application/grpc-web+proto");
  CHECK(static_cast<std::uint8_t>(answer.body.at(0)) == kGrpcTrailers);
  CHECK_THAT(answer.body, Catch::Contains("grpc-status: 8\r\n"));

  const auto binary = answer.body;
  answer = answer_to_large("application/grpc-web-text");
  CHECK(answer.headers.first("Content-Type") == "application/grpc-web-text+proto");
  CHECK(base64_decode(answer.body) == binary);
}

TEST_CASE("who cannot be given the memory, or is too slow, is told what to do about it") {
  const auto busy = too_much_held();
  CHECK(busy.status == 503);
  CHECK(nlohmann::json::parse(busy.body)["code"] == "unavailable");
  const auto late = late_request();
  CHECK(late.status == 408);
  CHECK(nlohmann::json::parse(late.body)["code"] == "deadline_exceeded");
}
