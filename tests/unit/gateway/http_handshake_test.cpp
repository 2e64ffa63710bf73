// The WebSocket handshake, driven without sockets.
#include "http/handshake.hpp"
#include "http_fakes.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace linnet;
using namespace linnet::gateway;
using namespace linnet::gateway::fakes;
using Json = nlohmann::json;

namespace {

const std::string kQuery = "?user_id=7&device_id=70&token=abc";

struct Overrides {
  std::string leave_out = {};
  std::vector<std::pair<std::string, std::string>> add = {};
};

HttpRequest handshake(const std::string& query, const Overrides& change = Overrides()) {
  const std::vector<std::pair<std::string, std::string>> usual = {
      {"Upgrade", "websocket"},
      {"Connection", "keep-alive, Upgrade"},
      {"Sec-WebSocket-Version", "13"},
      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  auto made = request("GET", "/ws" + query);
  for (const auto& [name, value] : usual)
    if (name != change.leave_out) made.headers.add(name, value);
  for (const auto& [name, value] : change.add)
    made.headers.add(name, value);
  return made;
}

Overrides with(std::string name, std::string value) {
  Overrides change;
  change.add.emplace_back(std::move(name), std::move(value));
  return change;
}

Overrides instead(const std::string& name, std::string value) {
  auto change = with(name, std::move(value));
  change.leave_out = name;
  return change;
}

Handshake accepted(const HttpRequest& request, const std::vector<std::string>& allowed = {}) {
  auto read = read_handshake(request, allowed);
  if (auto* refusal = std::get_if<HttpResponse>(&read)) FAIL(refusal->status << refusal->body);
  return std::get<Handshake>(std::move(read));
}

HttpResponse refused(const HttpRequest& request, const std::vector<std::string>& allowed = {}) {
  auto read = read_handshake(request, allowed);
  REQUIRE(std::holds_alternative<HttpResponse>(read));
  return std::get<HttpResponse>(std::move(read));
}

}  // namespace

TEST_CASE("an old web client's handshake is let in") {
  auto shake = accepted(handshake(kQuery + "&request_id=12"));

  CHECK(shake.credentials.user == UserId(7));
  CHECK(shake.credentials.device == DeviceId(70));
  CHECK(shake.credentials.token == "abc");
  CHECK(shake.request_id == 12);
  CHECK_FALSE(shake.text);
  CHECK(shake.accepted.status == 101);
  CHECK(header(shake.accepted, "Upgrade") == "websocket");
  CHECK(header(shake.accepted, "Connection") == "Upgrade");
  CHECK(header(shake.accepted, "Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(header(shake.accepted, "Sec-WebSocket-Protocol").empty());
}

TEST_CASE("a browser brings its token as a subprotocol, and it is never echoed") {
  const std::string token(kToken);
  auto shake = accepted(handshake("?user_id=7&device_id=70&format=json",
                                  with("Sec-WebSocket-Protocol", "linnet, bearer." + token)));

  CHECK(shake.credentials.user == UserId(7));
  CHECK(shake.credentials.token == token);
  CHECK(shake.text);
  CHECK(header(shake.accepted, "Sec-WebSocket-Protocol") == "linnet");
  CHECK(format_head(shake.accepted, 11, true, "now").find("secret") == std::string::npos);
}

TEST_CASE("a token that names its user and device stands alone") {
  const std::string token(kToken);
  for (const auto& shake :
       {accepted(handshake("", with("Authorization", "Bearer " + token))),
        accepted(handshake("", with("Sec-WebSocket-Protocol", "bearer." + token + ",linnet"))),
        accepted(handshake("?token=" + token))}) {
    CHECK(shake.credentials.user == UserId(7));
    CHECK(shake.credentials.device == DeviceId(70));
    CHECK(shake.credentials.token == token);
  }
}

TEST_CASE("a missing or malformed parameter is a 400 with code 1007") {
  for (const std::string query :
       {"", "?user_id=7&device_id=70", "?user_id=7&token=abc", "?device_id=70&token=abc",
        "?user_id=x&device_id=70&token=abc", "?user_id=7&device_id=7x&token=abc",
        "?user_id=7&device_id=70&token=", "?user_id=7&device_id=70&token=%zz",
        "?user_id=7&device_id=70&token=%4", "?user_id=99999999999999999999&device_id=1&token=a",
        "?user_id=7&device_id=70&token=abc&request_id=x",
        "?user_id=7&device_id=70&token=abc&format=xml", "?token=abc"}) {
    INFO(query);
    auto answer = refused(handshake(query));
    CHECK(answer.status == 400);
    auto body = Json::parse(answer.body);
    CHECK(body["code"] == 1007);
    CHECK_FALSE(body["message"].get<std::string>().empty());
  }
  CHECK(refused(handshake("", with("Sec-WebSocket-Protocol", "bearer." + std::string(kToken))))
            .status == 400);
}

TEST_CASE("refused credentials are a 401 with code 1003") {
  auto answer = refuse_handshake(Error(ErrCode::kUnauthorized));
  CHECK(answer.status == 401);
  CHECK(Json::parse(answer.body)["code"] == 1003);
  CHECK(refuse_handshake(Error(ErrCode::kServerBusy)).status == 503);
}

TEST_CASE("no extension is agreed to, whichever is offered") {
  for (const char* offer : {"permessage-deflate", "permessage-deflate; client_max_window_bits",
                            "x-webkit-deflate-frame, permessage-bzip2"}) {
    auto shake = accepted(handshake(kQuery, with("Sec-WebSocket-Extensions", offer)));
    CHECK(shake.accepted.status == 101);
    CHECK(shake.accepted.headers.count("Sec-WebSocket-Extensions") == 0);
  }
}

TEST_CASE("what is no WebSocket handshake is told how to make one") {
  auto plain = refused(handshake(kQuery, instead("Upgrade", "h2c")));
  CHECK(plain.status == 426);
  CHECK(header(plain, "Upgrade") == "websocket");
  CHECK(refused(handshake(kQuery, instead("Connection", "close"))).status == 426);

  auto old = refused(handshake(kQuery, instead("Sec-WebSocket-Version", "8")));
  CHECK(old.status == 426);
  CHECK(header(old, "Sec-WebSocket-Version") == "13");

  Overrides no_key;
  no_key.leave_out = "Sec-WebSocket-Key";
  CHECK(refused(handshake(kQuery, no_key)).status == 400);
  CHECK(refused(handshake(kQuery, instead("Sec-WebSocket-Key", "short"))).status == 400);
  CHECK(refused(handshake(kQuery, with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="))).status ==
        400);

  auto post = handshake(kQuery);
  post.method = "POST";
  CHECK(refused(post).status == 405);
  auto ancient = handshake(kQuery);
  ancient.version = 10;
  CHECK(refused(ancient).status == 400);
}

TEST_CASE("a page of another origin is let in only when it is listed") {
  const std::vector<std::string> allowed = {"https://app.example"};
  CHECK(accepted(handshake(kQuery, with("Origin", "http://im.example:8081")), allowed)
            .accepted.status == 101);
  CHECK(
      accepted(handshake(kQuery, with("Origin", "https://app.example")), allowed).accepted.status ==
      101);
  for (const std::string origin :
       {"https://evil.example", "null", "https://app.example:444", "http://im.example:8081.evil"}) {
    INFO(origin);
    auto answer = refused(handshake(kQuery, with("Origin", origin)), allowed);
    CHECK(answer.status == 403);
    CHECK(Json::parse(answer.body)["code"] == 1007);
  }
}
