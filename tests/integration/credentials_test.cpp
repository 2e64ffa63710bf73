// Credentials that prove nothing, of every kind, at every method through every door: refused with
// the right code, and no trace of it. On the doors where the method makes no difference to how
// credentials come, each method meets a part of the kinds, and each kind most of the methods.
#include "rights_kit.hpp"
#include "stream_client.hpp"

#include "linnet/wire/tcp.hpp"
#include "linnet/wire/websocket.hpp"

#ifdef LINNET_GRPC
#include "grpc_kit.hpp"
#endif

#include <sodium.h>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

constexpr const char* kRefused = "1003";
// Every so many-th kind is tried at a method.
constexpr std::size_t kPart = 3;

// Calls `attempt(method, bad)` with the methods that need credentials, each with each kind, or each
// with a part.
template <class Attempt>
int try_all(const std::vector<BadCredentials>& bad, bool all, Attempt attempt) {
  int tried = 0;
  std::size_t turn = 0;
  for (const auto* method : served_methods()) {
    if (method->options().GetExtension(pb::access) == pb::ACCESS_ANYONE) continue;
    ++turn;
    for (std::size_t kind = 0; kind < bad.size(); ++kind) {
      if (!all && (turn + kind) % kPart != 0) continue;
      CAPTURE(name_of(*method), bad[kind].kind);
      attempt(*method, bad[kind]);
      ++tried;
    }
  }
  return tried;
}

std::string from_base64(const std::string& text) {
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  REQUIRE(sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                            text.data(), text.size(), nullptr, &size, nullptr,
                            sodium_base64_VARIANT_ORIGINAL) == 0);
  return bytes.substr(0, size);
}

// A form of calls over HTTP, and the code in an answer in that form; empty: no error.
struct Form {
  const char* type;
  std::string body;
};
const std::vector<Form>& forms_beside_json() {
  static const std::vector<Form> all{{"application/proto", ""},
                                     {"application/grpc-web+proto", envelope("")},
                                     {"application/grpc-web+json", envelope("{}")},
                                     {"application/grpc-web-text", "AAAAAAA="}};
  return all;
}

std::string code_in(const Form& form, const HttpAnswer& answer) {
  const std::string_view type = form.type;
  if (!type.starts_with("application/grpc-web")) {
    if (answer.status == 200) return {};
    const auto error = nlohmann::json::parse(answer.body);
    return std::to_string(error.at("details").at(0).at("debug").at("code").get<int>());
  }
  const auto body = type.ends_with("text") ? from_base64(answer.body) : answer.body;
  const std::string name = "grpc-status: ";
  const auto at = body.find(name);
  REQUIRE(at != std::string::npos);
  const auto code = body.substr(at + name.size(), body.find('\r', at) - at - name.size());
  return code == "0" ? std::string() : code;
}

HttpAnswer post(RightsHouse& house, const MethodDescriptor& method, const Form& form,
                Headers headers) {
  headers.emplace_back("Content-Type", form.type);
  return http(house.port(), "POST", "/pb." + name_of(method), headers, form.body);
}

std::string packet_of(pb::PackageType type, const google::protobuf::Message& data) {
  pb::Input packet;
  packet.set_type(type);
  packet.set_request_id(7);
  packet.set_data(data.SerializeAsString());
  return packet.SerializeAsString();
}

std::string sign_in_of(const TestUser& claims) {
  pb::SignInInput sign_in;
  sign_in.set_user_id(claims.id.value());
  sign_in.set_device_id(claims.device.value());
  sign_in.set_token(claims.token);
  return packet_of(pb::PT_SIGN_IN, sign_in);
}

std::string call_of(const MethodDescriptor& method) {
  pb::CallInput call;
  call.set_method("/pb." + name_of(method));
  return packet_of(pb::PT_CALL, call);
}

// Sends `packets` over TCP in one segment, and returns the codes that come until it is closed.
std::vector<int> codes_over_tcp(RightsHouse& house, const std::vector<std::string>& packets) {
  auto connection = LongConnection::raw_tcp(house.tcp_port());
  std::string bytes;
  for (const auto& packet : packets)
    wire::append_tcp_frame(packet, bytes);
  connection.socket().send(bytes);
  std::vector<int> codes;
  while (auto packet = connection.receive())
    codes.push_back(packet->code());
  return codes;
}

// How a WebSocket's handshake can bring a token.
enum class Brings : std::uint8_t { kQuery, kHeader, kProtocol };

// The handshake with a call right behind it, and what comes up to `last`, or to the end.
std::string over_web_socket(RightsHouse& house, const TestUser& claims, Brings brings,
                            const MethodDescriptor& method, const std::string& last = {}) {
  std::string request = "GET /ws?user_id=" + std::to_string(claims.id.value()) +
                        "&device_id=" + std::to_string(claims.device.value());
  if (brings == Brings::kQuery) request += "&token=" + percent_encoded(claims.token);
  request +=
      " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  if (brings == Brings::kHeader) request += "Authorization: Bearer " + claims.token + "\r\n";
  if (brings == Brings::kProtocol)
    request += "Sec-WebSocket-Protocol: linnet, bearer." + claims.token + "\r\n";
  request += "\r\n";
  wire::append_masked_ws_frame(wire::WsOpcode::kBinary, call_of(method), 0x12345678U, request);
  Socket socket(house.port());
  socket.send(request);
  if (last.empty()) socket.shut_down_sending();
  std::string answers;
  while ((last.empty() || answers.find(last) == std::string::npos) && socket.receive(answers)) {
  }
  return answers;
}

const MethodDescriptor& harmless() {
  for (const auto* method : served_methods())
    if (name_of(*method) == "LogicExt/GetFriends") return *method;
  throw std::runtime_error("no GetFriends");
}

}  // namespace

TEST_CASE(
    "credentials that prove nothing open no method over HTTP in any form, and leave no trace") {
  RightsHouse house;
  const auto bad = bad_credentials(house);
  const auto before = house.state();
  const Form json{"application/json", "{}"};
  const auto tried = try_all(bad, true, [&](const auto& method, const auto& one) {
    if (!method.server_streaming())
      CHECK(code_in(json, post(house, method, json, one.headers)) == kRefused);
  });
  CHECK(tried > 1000);
  for (const auto& form : forms_beside_json()) {
    CAPTURE(form.type);
    try_all(bad, false, [&](const auto& method, const auto& one) {
      if (!method.server_streaming())
        CHECK(code_in(form, post(house, method, form, one.headers)) == kRefused);
    });
    // It is the credentials that were refused.
    const auto good = bearer(house.person("owner").token);
    CHECK(code_in(form, post(house, harmless(), form, good)).empty());
  }
  for (const auto* method : served_methods()) {
    if (method->options().idempotency_level() != google::protobuf::MethodOptions::NO_SIDE_EFFECTS ||
        method->options().GetExtension(pb::access) == pb::ACCESS_ANYONE)
      continue;
    for (const auto& one : bad) {
      CAPTURE(name_of(*method), one.kind);
      CHECK(reason_in(http(house.port(), "GET",
                           "/pb." + name_of(*method) + "?encoding=json&message=%7B%7D",
                           one.headers)) == "UNAUTHORIZED");
    }
  }
  CHECK(house.state() == before);
}

TEST_CASE(
    "a call over TCP that comes before a sign-in, or behind one that is refused, is not begun") {
  RightsHouse house;
  const auto bad = bad_credentials(house);
  const auto before = house.state();
  const auto good = sign_in_of(house.person("owner"));
  for (const auto* method : served_methods()) {
    CAPTURE(name_of(*method));
    CHECK(codes_over_tcp(house, {call_of(*method), good}) == std::vector{1007});
  }
  try_all(bad, false, [&](const auto& method, const auto& one) {
    CHECK(codes_over_tcp(house, {sign_in_of(one.claims), call_of(method)}) == std::vector{1003});
  });
  CHECK(house.state() == before);
  CHECK_NOTHROW(
      LongConnection::sign_in(Door::kTcp, house.tcp_port(), house.port(), house.person("owner")));
}

TEST_CASE("a call behind a WebSocket's handshake that is refused is not begun") {
  RightsHouse house;
  const auto bad = bad_credentials(house);
  const auto before = house.state();
  for (auto brings : {Brings::kQuery, Brings::kHeader, Brings::kProtocol}) {
    CAPTURE(static_cast<int>(brings));
    try_all(bad, false, [&](const auto& method, const auto& one) {
      const auto answers = over_web_socket(house, one.claims, brings, method);
      CHECK(answers.starts_with("HTTP/1.1 40"));
      CHECK(answers.find("HTTP/1.1 101") == std::string::npos);
      CHECK(answers.find("HTTP/1.1 200") == std::string::npos);
    });
    CHECK(over_web_socket(house, house.person("owner"), brings, harmless(), "/pb.LogicExt/")
              .starts_with("HTTP/1.1 101"));
  }
  CHECK(house.state() == before);
}

TEST_CASE("credentials that prove nothing open no stream") {
  RightsHouse house;
  const auto port = house.port();
  const auto receive = [&](Headers headers, const std::string& type, const std::string& body) {
    headers.emplace_back("Content-Type", type);
    return http(port, "POST", "/pb.LogicExt/Receive", headers, envelope(body));
  };
  const auto refused = [&](const std::string& target, const Headers& headers) {
    const auto status = http(port, "GET", target, headers).status;
    return status == 400 || status == 401;
  };
  for (const auto& one : bad_credentials(house)) {
    CAPTURE(one.kind);
    for (const auto& answer : {receive(one.headers, "application/connect+json", "{}"),
                               receive(one.headers, "application/connect+proto", "")})
      CHECK(answer.body.find(R"("code":"unauthenticated")") != std::string::npos);
    for (const auto& answer : {receive(one.headers, "application/grpc-web+proto", ""),
                               receive(one.headers, "application/grpc-web+json", "{}")})
      CHECK(answer.body.find("grpc-status: 1003\r\n") != std::string::npos);
    const auto ids = "?user_id=" + std::to_string(one.claims.id.value()) +
                     "&device_id=" + std::to_string(one.claims.device.value());
    const auto query = "token=" + percent_encoded(one.claims.token);
    CHECK(refused("/events" + ids + "&" + query, {}));
    CHECK(refused("/events" + ids, one.headers));
    // Without ids another's token is its own.
    if (one.headers.size() == 1) CHECK(refused("/events?" + query, {}));
  }
  // They were asked for rightly.
  const auto& owner = house.person("owner");
  CHECK(
      Stream(port, receive_request(owner, "application/connect+json", envelope("{}"))).chunk()[0] ==
      0);
  CHECK_NOTHROW(Events(port, owner).next());
}

#ifdef LINNET_GRPC
TEST_CASE("credentials that prove nothing open no method over gRPC, and leave no trace") {
  RightsHouse house;
  const auto bad = bad_credentials(house);
  const auto before = house.state();
  const auto channel = channel_to(house.grpc_port());
  const auto code = [&](const MethodDescriptor& method, const Headers& headers) {
    Metadata metadata;
    for (const auto& [name, value] : headers)
      metadata.emplace_back(name == "Authorization" ? "authorization" : name, value);
    const auto status = call_bytes(channel, "/pb." + name_of(method), metadata, "");
    return static_cast<int>(status.error_code());
  };
  const auto tried = try_all(bad, true, [&](const auto& method, const auto& one) {
    CHECK(code(method, one.headers) == 1003);
  });
  CHECK(tried > 1000);
  CHECK(code(harmless(), bearer(house.person("owner").token)) == 0);
  CHECK(house.state() == before);
}
#endif
