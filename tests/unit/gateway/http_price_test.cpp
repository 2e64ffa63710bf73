// What a large request costs its caller, in whatever form it comes: by its bytes as they are read.
#include "http/compression.hpp"
#include "http/encoding.hpp"
#include "http/envelope.hpp"
#include "http_fakes.hpp"
#include "support/false_clock.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::gateway;
using namespace linnet::gateway::fakes;

namespace {

constexpr std::string_view kLookUp = "/pb.UserExt/GetUser";

// The clock stands, so that nothing is saved up anew.
struct PricedDoor : World {
  bool refuses(const HttpRequest& request) {
    CallDoor door(priced, log, options);
    const auto answer = run(door.handle(request)).response;
    return answer.body.find("EC_RATE_LIMITED") != std::string::npos ||
           answer.body.find("grpc-status: 8") != std::string::npos;
  }
  test::FalseClock time;
  api::Limiter by_rate{time, {true, {1, 70}, {1, 70}, {1, 70}, {1, 70}}};
  api::Api priced{table, authenticator, keys, by_rate, log};
};

using Form = HttpRequest (*)(const std::string&);

HttpRequest in_gzip(const std::string& body) {
  auto made = json_call(kLookUp, gzip(body));
  made.headers.add("Content-Encoding", "gzip");
  return made;
}

HttpRequest by_get(const std::string& body) {
  std::string message;
  for (char c : base64_encode(gzip(body), false))
    message += c == '+' ? '-' : c == '/' ? '_' : c;
  auto made = request(
      "GET", std::string(kLookUp) + "?encoding=json&compression=gzip&base64=1&message=" + message);
  made.headers.add("Authorization", "Bearer " + std::string(kToken));
  return made;
}

HttpRequest in_frame(const std::string& body) {
  std::string frame;
  append_envelope(kCompressed, gzip(body), frame);
  auto made = json_call(kLookUp, frame);
  made.headers = {};
  made.headers.add("Host", "im.example:8081");
  made.headers.add("Content-Type", "application/grpc-web+json");
  made.headers.add("Grpc-Encoding", "gzip");
  made.headers.add("Authorization", "Bearer " + std::string(kToken));
  return made;
}

}  // namespace

TEST_CASE("a small body that unpacks to a large one is paid for as the large one") {
  const auto form = GENERATE(as<Form>(), &in_gzip, &by_get, &in_frame);
  // Of 250,000 bytes, 30 times 8 KB, that mean nothing to the method, or are no JSON in the end.
  const auto filler = std::string(249'990, 'a');
  const auto body = GENERATE_COPY("{\"x\":\"" + filler + "\"}", "{\"x\":\"" + filler + "\"]");
  PricedDoor door;
  const auto call = form(body);
  REQUIRE(call.body.size() + call.target.size() < 2000);
  // 31 each of 70 that were saved up, the last of them on credit.
  for (int i = 0; i < 3; ++i)
    CHECK_FALSE(door.refuses(call));
  CHECK(door.refuses(call));
  CHECK(door.refuses(json_call(kLookUp, "{}")));
}

TEST_CASE("what does not unpack is paid for as the largest that might have been in it") {
  PricedDoor door;
  auto broken = in_gzip("{\"x\":\"" + std::string(249'990, 'a') + "\"}");
  broken.body += 'x';
  for (int i = 0; i < 3; ++i)
    CHECK_FALSE(door.refuses(broken));
  CHECK(door.refuses(broken));
}

TEST_CASE("small bodies cost a call each") {
  PricedDoor door;
  const auto call = in_gzip("{\"userId\":\"12\"}");
  for (int i = 0; i < 70; ++i)
    CHECK_FALSE(door.refuses(call));
  CHECK(door.refuses(call));
}
