// JSON from outside that is wrong: always kBadRequest with a reason, never an exception or a crash.
#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"

#include "linnet/wire/json.hpp"
#include "linnet/wire/websocket.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace linnet;

namespace {

void check_refused(const std::string& json, const std::string& reason_has = "") {
  CAPTURE(json.substr(0, 100));
  pb::SendMessageReq request;
  request.set_receiver_id(1);
  Status status = wire::from_json(json, request);
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == ErrCode::kBadRequest);
  CHECK_FALSE(status.error().message().empty());
  CHECK(status.error().message().size() < 400);
  CHECK(wire::is_utf8(status.error().message()));
  CHECK(status.error().message().find(reason_has) != std::string::npos);
  CHECK(request.ByteSizeLong() == 0);
}

void check_packet_refused(const std::string& json, const std::string& reason_has = "") {
  CAPTURE(json.substr(0, 100));
  pb::Input packet;
  Status status = wire::packet_from_json(json, packet);
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == ErrCode::kBadRequest);
  CHECK(status.error().message().find(reason_has) != std::string::npos);
  CHECK(packet.ByteSizeLong() == 0);
}

std::string repeat(const std::string& piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i)
    out += piece;
  return out;
}

std::string nested(int depth) {
  return repeat("{\"a\":", depth - 1) + "{}" + repeat("}", depth - 1);
}

}  // namespace

TEST_CASE("what is no JSON object is refused") {
  for (const char* json : {"",
                           " ",
                           "null",
                           "1",
                           "\"text\"",
                           "[]",
                           "[{}]",
                           "{",
                           "}",
                           "{\"a\"}",
                           "{} {}",
                           "{\"a\":01}",
                           "{'a':1}",
                           "{\"a\":1,}",
                           "nan",
                           "{\"a\":NaN}",
                           "{\"a\":1e999}",
                           "\xef\xbb\xbf",
                           "{\"a\":\"\\ud800\"}",
                           "{\"a\":\"\n\"}"}) {
    check_refused(json);
    check_packet_refused(json);
  }
}

TEST_CASE("text that is not UTF-8 is refused") {
  check_refused("{\"messageType\":1,\"messageContent\":{\"text\":\"\xff\"}}", "UTF-8");
  check_refused("{\"\xed\xa0\x80\":1}", "UTF-8");
  check_packet_refused("{\"type\":3,\"x\":\"\xc0\x80\"}", "UTF-8");
}

TEST_CASE("nesting is limited before anything is built") {
  pb::SendMessageReq request;
  CHECK(wire::from_json(nested(64), request).ok());
  check_refused(nested(65), "nested");
  check_refused(repeat("[", 1000000), "nested");
  check_refused(repeat("{\"a\":", 1000000), "nested");
  check_packet_refused(repeat("[{\"a\":", 100000), "nested");
  std::string brackets_in_text = "{\"a\":\"" + repeat("[{\\\"", 1000) + "\"}";
  CHECK(wire::from_json(brackets_in_text, request).ok());
}

TEST_CASE("a request of very many values is refused before anything is built") {
  const auto reason = std::to_string(wire::kMaxJsonValues) + " values";
  const auto most = static_cast<int>(wire::kMaxJsonValues);
  check_refused("{\"x\":[" + repeat("{},", 87'000) + "{}]}", reason);
  check_refused("{\"x\":[" + repeat("0,", most) + "0]}", reason);
  check_packet_refused("{\"type\":3,\"x\":[" + repeat("[],", most) + "[]]}", reason);
  std::string keys = "{";
  for (int i = 0; i < most; ++i)
    keys += "\"k" + std::to_string(i) + "\":0,";
  check_refused(keys + "\"receiverId\":\"7\"}", reason);
  // Nor is it found out first whether it is JSON at all.
  check_refused(repeat(",", 1'000'000), reason);

  // With two brackets and a comma before these are as many as there may be, then one more.
  pb::SendMessageReq request;
  REQUIRE(wire::from_json("{\"receiverId\":\"7\",\"x\":[" + repeat("0,", most - 3) + "0]}", request)
              .ok());
  CHECK(request.receiver_id() == 7);
  check_refused("{\"receiverId\":\"7\",\"x\":[" + repeat("0,", most - 2) + "0]}", reason);
  // What stands in a text is none.
  CHECK(wire::from_json("{\"a\":\"" + repeat("[{,", most) + "\"}", request).ok());
}

TEST_CASE("values that do not fit their field are refused, and the field is named") {
  check_refused(R"({"receiverId":"abc"})", "receiver_id");
  check_refused(R"({"receiverId":"9223372036854775808"})", "receiver_id");
  check_refused(R"({"receiverId":1.5})", "receiver_id");
  check_refused(R"({"receiverId":{}})");
  check_refused(R"({"isPersist":"maybe"})", "is_persist");
  check_refused(R"({"toUserIds":["x"]})", "to_user_ids");
}

TEST_CASE("a reason that quotes a long value is cut between two characters") {
  for (int before = 0; before < 4; ++before)
    check_refused(
        R"({"receiverId":")" + repeat("x", before) + repeat("\xf0\x9f\x98\x80", 500) + R"("})",
        "\xf0\x9f\x98\x80");
}

TEST_CASE("a content object needs a type that is known") {
  check_refused(R"({"messageContent":{"text":"hi"}})", "messageType");
  check_refused(R"({"messageContent":{"text":"hi"},"messageType":null})", "messageType");
  check_refused(R"({"messageContent":{"text":"hi"},"messageType":"MT_NEWER"})", "messageType");
  check_refused(R"({"messageContent":{"text":"hi"},"messageType":0})", "messageType");
  check_refused(R"({"messageContent":{"text":"hi"},"messageType":4294967297})", "messageType");
  check_refused(R"({"messageContent":{"text":"hi"},"messageType":18446744073709551615})");
  check_refused(R"({"messageContent":{"text":"hi"},"messageType":1.0})", "messageType");
  check_refused(R"({"messageContent":{"text":"hi"},"messageType":[]})", "messageType");
  check_refused(R"({"messageType":7,"messageContent":{"code":1000,"data":{}}})", "code");
  check_refused(R"({"messageType":7,"messageContent":{"data":{}}})", "code");
  check_refused(R"({"messageType":7,"messageContent":{"code":"100x","data":{}}})", "code");
}

TEST_CASE("a content that does not fit its type is refused") {
  check_refused(R"({"messageType":1,"messageContent":{"text":{}}})", "messageContent");
  check_refused(R"({"messageType":2,"messageContent":{"faceId":"x"}})", "face_id");
  check_refused(R"({"messageType":1,"messageContent":"not base64!"})");
  check_refused(R"({"messageType":1,"messageContent":[1]})");
  check_refused(R"({"messageType":1,"messageContent":true})");
  check_refused(R"({"messageType":7,"messageContent":{"code":100,"data":{"friendId":"x"}}})",
                "friend_id");
}

TEST_CASE("a field under both of its names is refused") {
  check_refused(R"({"messageType":1,"message_type":1,"messageContent":{"text":"hi"}})", "twice");
  check_refused(R"({"messageType":1,"messageContent":{"text":"a"},"message_content":"CgJoaQ=="})",
                "twice");
}

TEST_CASE("a packet needs a type, and data of that type") {
  check_packet_refused("{}", "type");
  check_packet_refused(R"({"requestId":"1"})", "type");
  check_packet_refused(R"({"type":null})", "type");
  check_packet_refused(R"({"type":{}})", "type");
  check_packet_refused(R"({"type":1.5})", "type");
  check_packet_refused(R"({"type":2147483648})", "type");
  check_packet_refused(R"({"type":18446744073709551615})", "type");
  check_packet_refused(R"({"type":-2147483649})", "type");
  check_packet_refused(R"({"type":"PT_SYNC","requestId":"x"})", "request_id");
  check_packet_refused(R"({"type":"PT_SYNC","data":{"seq":"x"}})", "seq");
  check_packet_refused(R"({"type":"PT_SYNC","data":"%%"})");
  check_packet_refused(R"({"type":"PT_SYNC","data":[]})");
  check_packet_refused(R"({"type":"PT_SYNC","data":5})");
}
