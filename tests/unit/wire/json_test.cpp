// The JSON form of packets and calls: what people and browsers write and read.
#include "linnet/wire/json.hpp"

#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/push.ext.pb.h"
#include "pb/room.ext.pb.h"

#include <catch2/catch.hpp>
#include <google/protobuf/util/message_differencer.h>
#include <nlohmann/json.hpp>

#include <string>

using namespace linnet;
using google::protobuf::util::MessageDifferencer;
using Json = nlohmann::json;

namespace {

std::string text_bytes(const std::string& text) {
  pb::Text content;
  content.set_text(text);
  return content.SerializeAsString();
}

pb::MessageItem item_of(pb::MessageType type, const google::protobuf::Message& content) {
  pb::MessageItem item;
  item.set_message_type(type);
  item.set_message_content(content.SerializeAsString());
  return item;
}

template <class Message>
Message read(std::string_view json) {
  Message message;
  Status status = wire::from_json(json, message);
  CAPTURE(std::string(json), status.ok() ? "" : status.error().message());
  REQUIRE(status.ok());
  return message;
}

template <class Packet>
Packet read_packet(std::string_view json) {
  Packet packet;
  Status status = wire::packet_from_json(json, packet);
  CAPTURE(std::string(json), status.ok() ? "" : status.error().message());
  REQUIRE(status.ok());
  return packet;
}

}  // namespace

TEST_CASE("the content of every known message type is an object, both ways") {
  pb::Text text;
  text.set_text("hi");
  pb::Face face;
  face.set_face_id(5);
  pb::Voice voice;
  voice.set_duration(3);
  pb::Image image;
  image.set_thumbnail_url("u");
  pb::File file;
  file.set_size(INT64_MAX);
  pb::Location location;
  location.set_latitude(52.52);
  pb::Custom custom;
  custom.set_data("{\"a\":1}");
  pb::Command command;
  command.set_code(1000);
  command.set_data(std::string("\0\xff", 2));
  struct Case {
    pb::MessageType type;
    const google::protobuf::Message& content;
    const char* json;
  };
  const Case cases[] = {{pb::MT_TEXT, text, R"({"text":"hi"})"},
                        {pb::MT_FACE, face, R"({"faceId":"5"})"},
                        {pb::MT_VOICE, voice, R"({"duration":3})"},
                        {pb::MT_IMAGE, image, R"({"thumbnailUrl":"u"})"},
                        {pb::MT_FILE, file, R"({"size":"9223372036854775807"})"},
                        {pb::MT_LOCATION, location, R"({"latitude":52.52})"},
                        {pb::MT_CUSTOM, custom, R"({"data":"{\"a\":1}"})"},
                        {pb::MT_COMMAND, command, R"({"code":1000,"data":"AP8="})"}};
  for (const auto& one : cases) {
    CAPTURE(pb::MessageType_Name(one.type));
    pb::MessageItem item = item_of(one.type, one.content);
    Json tree = Json::parse(wire::to_json(item));
    CHECK(tree["messageContent"] == Json::parse(one.json));
    CHECK(MessageDifferencer::Equals(read<pb::MessageItem>(tree.dump()), item));
  }
}

TEST_CASE("the data of the server's own commands is an object, both ways") {
  pb::AddFriendPush asked;
  asked.set_friend_id(2);
  asked.set_description("it is me");
  pb::AgreeAddFriendPush agreed;
  agreed.set_nickname("n");
  pb::UpdateGroupPush updated;
  updated.set_introduction("i");
  pb::AddGroupMembersPush added;
  added.add_members()->set_user_id(7);
  pb::RemoveGroupMemberPush removed;
  removed.set_deleted_user_id(8);
  struct Case {
    int code;
    const google::protobuf::Message& data;
    const char* json;
  };
  const Case cases[] = {{100, asked, R"({"friendId":"2","description":"it is me"})"},
                        {101, agreed, R"({"nickname":"n"})"},
                        {110, updated, R"({"introduction":"i"})"},
                        {120, added, R"({"members":[{"userId":"7"}]})"},
                        {121, removed, R"({"deletedUserId":"8"})"}};
  for (const auto& one : cases) {
    CAPTURE(one.code);
    pb::Command command;
    command.set_code(one.code);
    command.set_data(one.data.SerializeAsString());
    pb::MessageItem item = item_of(pb::MT_COMMAND, command);
    Json tree = Json::parse(wire::to_json(item));
    CHECK(tree["messageContent"]["data"] == Json::parse(one.json));
    CHECK(MessageDifferencer::Equals(read<pb::MessageItem>(tree.dump()), item));
    tree["messageContent"]["code"] = std::to_string(one.code);
    CHECK(MessageDifferencer::Equals(read<pb::MessageItem>(tree.dump()), item));
  }
}

TEST_CASE("content that is not what its type says stays base64 and comes back unchanged") {
  struct Case {
    int type;
    std::string content;
  };
  const Case cases[] = {{pb::MT_TEXT, "hello"},            // no protobuf
                        {pb::MT_TEXT, "\x0a\x01\xff"},     // a text that is not UTF-8
                        {pb::MT_TEXT, "\x48\x01"},         // nothing known in it
                        {pb::MT_COMMAND, "\x08\x64\x12"},  // cut short
                        {pb::MT_UNKNOWN, "abc"},          {99, text_bytes("of a newer type")}};
  for (const auto& one : cases) {
    CAPTURE(one.type, one.content.size());
    pb::MessageItem item;
    item.set_message_type(static_cast<pb::MessageType>(one.type));
    item.set_message_content(one.content);
    std::string json = wire::to_json(item);
    CHECK(Json::parse(json)["messageContent"].is_string());
    CHECK(MessageDifferencer::Equals(read<pb::MessageItem>(json), item));
  }
}

TEST_CASE("a known content is an object even when it is empty, and what is newer is left out") {
  pb::MessageItem item;
  item.set_message_type(pb::MT_TEXT);
  CHECK(Json::parse(wire::to_json(item))["messageContent"] == Json::object());
  item.set_message_content(text_bytes("hi") + "\x92\x03\x01x");  // and field 50
  CHECK(Json::parse(wire::to_json(item))["messageContent"] == Json{{"text", "hi"}});
}

TEST_CASE("contents are objects at any depth") {
  pb::SyncOutput answer;
  pb::Text text;
  text.set_text("one");
  *answer.add_messages() = item_of(pb::MT_TEXT, text);
  text.set_text("two");
  *answer.add_messages() = item_of(pb::MT_TEXT, text);
  answer.set_has_more(true);
  Json tree = Json::parse(wire::to_json(answer));
  CHECK(tree["messages"][1]["messageContent"]["text"] == "two");
  CHECK(tree["hasMore"] == true);
  CHECK(MessageDifferencer::Equals(read<pb::SyncOutput>(tree.dump()), answer));
}

TEST_CASE("a request may be written in any of protobuf's spellings") {
  pb::SendMessageReq expected;
  expected.set_receiver_type(pb::RT_USER);
  expected.set_receiver_id(2);
  expected.set_message_type(pb::MT_TEXT);
  expected.set_message_content(text_bytes("hi"));
  expected.set_is_persist(true);
  expected.set_request_id(9007199254740993);
  for (const char* json :
       {R"({"receiverType":"RT_USER","receiverId":"2","messageType":"MT_TEXT",
            "messageContent":{"text":"hi"},"isPersist":true,"requestId":"9007199254740993"})",
        R"({"receiver_type":1,"receiver_id":2,"message_type":1,
            "message_content":{"text":"hi"},"is_persist":true,"request_id":9007199254740993})",
        R"({"messageContent":{"text":"hi","newer":[{}]},"newer":{"a":1},"receiverType":1,
            "receiverId":2,"isPersist":true,"requestId":9007199254740993,"messageType":"MT_TEXT"})",
        R"({"messageContent":"CgJoaQ==","receiverType":1,"receiverId":2,"isPersist":true,
            "requestId":"9007199254740993","messageType":1,"toUserIds":null})",
        R"({"messageContent":"CgJoaQ","receiverType":1,"receiverId":2,"isPersist":true,
            "requestId":"9007199254740993","messageType":1})"}) {
    CHECK(MessageDifferencer::Equals(read<pb::SendMessageReq>(json), expected));
  }
}

TEST_CASE("int64 is text, enumerations are names, and keys are lowerCamelCase") {
  pb::SendMessageReq request;
  request.set_receiver_type(pb::RT_USER);
  request.set_receiver_id(9007199254740993);
  request.set_message_type(pb::MT_TEXT);
  request.set_message_content(text_bytes("h\xc3\xa9\n\"\\"));
  CHECK(Json::parse(wire::to_json(request)) ==
        Json::parse(R"({"receiverType":"RT_USER","receiverId":"9007199254740993",
                        "messageType":"MT_TEXT","messageContent":{"text":"h\u00e9\n\"\\"}})"));
}

TEST_CASE("packets up are written with their inner message as an object") {
  auto sign_in = read_packet<pb::Input>(
      R"({"type":"PT_SIGN_IN","requestId":"1","data":{"deviceId":"11","userId":1,"token":"t"}})");
  pb::SignInInput who;
  REQUIRE(who.ParseFromString(sign_in.data()));
  CHECK(sign_in.type() == pb::PT_SIGN_IN);
  CHECK(sign_in.request_id() == 1);
  CHECK(who.device_id() == 11);
  CHECK(who.token() == "t");

  auto sync = read_packet<pb::Input>(R"({"type":"PT_SYNC","requestId":"1","data":{"seq":"5"}})");
  pb::SyncInput from;
  REQUIRE(from.ParseFromString(sync.data()));
  CHECK(from.seq() == 5);

  auto ack = read_packet<pb::Input>(
      R"({"data":{"device_ack":7,"receiveTime":"1700000000000"},"request_id":"3","type":4})");
  pb::MessageACK kept;
  REQUIRE(kept.ParseFromString(ack.data()));
  CHECK(kept.device_ack() == 7);
  CHECK(kept.receive_time() == 1700000000000);

  auto beat = read_packet<pb::Input>(R"({"type":"PT_HEARTBEAT"})");
  CHECK(beat.type() == pb::PT_HEARTBEAT);
  CHECK(beat.data().empty());
  for (const auto& packet : {sign_in, sync, ack, beat}) {
    auto again = read_packet<pb::Input>(wire::packet_to_json(packet));
    CHECK(MessageDifferencer::Equals(again, packet));
  }
}

TEST_CASE("packets down always have a type and a code") {
  pb::Output beat;
  beat.set_type(pb::PT_HEARTBEAT);
  CHECK(Json::parse(wire::packet_to_json(beat)) ==
        Json::parse(R"({"type":"PT_HEARTBEAT","code":0})"));

  pb::Output refused;
  refused.set_code(1007);
  refused.set_message("no packet");
  refused.set_request_id(4);
  CHECK(Json::parse(wire::packet_to_json(refused)) ==
        Json::parse(R"({"type":"PT_UNKNOWN","requestId":"4","code":1007,"message":"no packet"})"));

  pb::Output nothing_new;
  nothing_new.set_type(pb::PT_SYNC);
  CHECK(Json::parse(wire::packet_to_json(nothing_new)) ==
        Json::parse(R"({"type":"PT_SYNC","code":0,"data":{}})"));

  pb::RoomUnsubscribeInput left;
  left.set_room_id(7);
  pb::Output put_out;
  put_out.set_type(pb::PT_ROOM_UNSUBSCRIBE);
  put_out.set_code(2036);
  put_out.set_data(left.SerializeAsString());
  CHECK(Json::parse(wire::packet_to_json(put_out)) ==
        Json::parse(R"({"type":"PT_ROOM_UNSUBSCRIBE","code":2036,"data":{"roomId":"7"}})"));
  for (const auto& packet : {beat, refused, nothing_new, put_out}) {
    auto again = read_packet<pb::Output>(wire::packet_to_json(packet));
    CHECK(MessageDifferencer::Equals(again, packet));
  }
}

TEST_CASE("packets of rooms have their data as an object, up and down") {
  struct Case {
    pb::PackageType type;
    std::string data;
  };
  const std::vector<Case> up = {
      {pb::PT_ROOM_SUBSCRIBE, R"({"roomId":"7","sinceSeq":"3","history":-1})"},
      {pb::PT_ROOM_UNSUBSCRIBE, R"({"roomId":"7"})"},
      {pb::PT_ROOM_PUBLISH,
       R"({"roomId":"7","messageType":"MT_TEXT","messageContent":{"text":"a"}})"},
  };
  for (const auto& c : up) {
    const auto json = R"({"type":")" + pb::PackageType_Name(c.type) + R"(","data":)" + c.data + "}";
    auto packet = read_packet<pb::Input>(json);
    CHECK(packet.type() == c.type);
    CHECK_FALSE(packet.data().empty());
    CHECK(Json::parse(wire::packet_to_json(packet)) == Json::parse(json));
  }
  const std::vector<Case> down = {
      {pb::PT_ROOM_SUBSCRIBE, R"({"state":{"roomId":"7","seq":"9"},"complete":true})"},
      {pb::PT_ROOM_PUBLISH, R"({"seq":"9"})"},
      {pb::PT_ROOM_MESSAGES,
       R"({"roomId":"7","items":[{"messageType":"MT_TEXT","messageContent":{"text":"a"}}]})"},
      {pb::PT_ROOM_STATE, R"({"roomId":"7","online":"2","users":"1"})"},
  };
  for (const auto& c : down) {
    const auto json =
        R"({"type":")" + pb::PackageType_Name(c.type) + R"(","code":0,"data":)" + c.data + "}";
    auto packet = read_packet<pb::Output>(json);
    CHECK(packet.type() == c.type);
    CHECK_FALSE(packet.data().empty());
    CHECK(Json::parse(wire::packet_to_json(packet)) == Json::parse(json));
  }
}

TEST_CASE("a packet whose data is not what its type says keeps it as base64") {
  pb::Input packet;
  packet.set_type(pb::PT_SYNC);
  packet.set_data("\xff\xff");
  Json tree = Json::parse(wire::packet_to_json(packet));
  CHECK(tree["data"] == "//8=");
  CHECK(MessageDifferencer::Equals(read_packet<pb::Input>(tree.dump()), packet));
}

TEST_CASE("a packet type that is newer than the server is a packet, with its request id") {
  auto named = read_packet<pb::Input>(R"({"type":"PT_NEWER","requestId":"5","data":{"x":1}})");
  CHECK(named.type() == pb::PT_UNKNOWN);
  CHECK(named.request_id() == 5);
  CHECK(named.data().empty());
  auto numbered = read_packet<pb::Input>(R"({"type":99,"requestId":"5","data":{"x":1}})");
  CHECK(static_cast<int>(numbered.type()) == 99);
  CHECK(Json::parse(wire::packet_to_json(numbered))["type"] == 99);
}

TEST_CASE("a call's request and response are objects of the method's types") {
  auto packet = read_packet<pb::Input>(
      R"({"type":"PT_CALL","requestId":"5","data":{"ordered":true,"method":"/pb.LogicExt/SendMessage",)"
      R"("request":{"receiverId":"9","messageType":"MT_TEXT","messageContent":{"text":"hi"}}}})");
  pb::CallInput input;
  REQUIRE(input.ParseFromString(packet.data()));
  CHECK(input.ordered());
  pb::SendMessageReq request;
  REQUIRE(request.ParseFromString(input.request()));
  CHECK(request.receiver_id() == 9);
  pb::Text text;
  REQUIRE(text.ParseFromString(request.message_content()));
  CHECK(text.text() == "hi");

  pb::SendMessageResp response;
  response.set_seq(7);
  pb::CallOutput output;
  output.set_method("/pb.LogicExt/SendMessage");
  output.set_response(response.SerializeAsString());
  pb::Output answer;
  answer.set_type(pb::PT_CALL);
  answer.set_request_id(5);
  answer.set_data(output.SerializeAsString());
  CHECK(Json::parse(linnet::wire::packet_to_json(answer)) ==
        Json::parse(R"({"type":"PT_CALL","requestId":"5","code":0,"data":)"
                    R"({"method":"/pb.LogicExt/SendMessage","response":{"seq":"7"}}})"));

  pb::Input none;
  for (const char* method :
       {"", "/", "//", "/pb.LogicExt/Nothing", "pb.LogicExt.SendMessage", "/x"}) {
    CAPTURE(method);
    CHECK_FALSE(linnet::wire::packet_from_json(
        std::string(R"({"type":"PT_CALL","data":{"method":")") + method + R"(","request":{}}})",
        none));
  }
}
