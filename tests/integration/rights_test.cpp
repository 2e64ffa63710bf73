// Who may do what: every method with every relation that its caller may have to what it is about,
// over HTTP, over a long connection and over gRPC; every server's method with every scope. A
// refusal has its code and changes nothing; a method that is in no table fails. Credentials that
// prove nothing are in credentials_test.cpp.
#include "rights_kit.hpp"

#include "linnet/wire/json.hpp"

#ifdef LINNET_GRPC
#include "grpc_kit.hpp"
#endif

#include <google/protobuf/dynamic_message.h>

#include <memory>
#include <optional>
#include <set>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

// What who calls `method` with `body`, which is about the owner's things, gets, by kRelations.
// "-": they may.
struct Right {
  std::string method;
  std::string body;
  std::vector<std::string> answers;
};
// stranger: no relation. removed: from the group, and banned in the room. blocked: by the owner.
// former: was administrator and moderator. muted: a member, in the room too. moderator:
// administrator of the group, as `other` is, who is no caller here.
const std::vector<std::string> kRelations{"stranger", "removed", "blocked",  "former",
                                          "member",   "muted",   "moderator"};

// What a caller does about itself, or about what all may see.
const std::set<std::string> kEverybodys{
    "LogicExt/SignOut",         "LogicExt/ListDevices",    "LogicExt/Receive",
    "LogicExt/AckMessages",     "LogicExt/AgreeAddFriend", "LogicExt/GetFriends",
    "LogicExt/DeleteFriend",    "LogicExt/UnblockUser",    "LogicExt/BlockUser",
    "LogicExt/GetBlockedUsers", "LogicExt/CreateGroup",    "LogicExt/GetUserGroups",
    "UserExt/SearchUser",       "UserExt/GetUser",         "UserExt/UpdateUser",
    "UserExt/SetPassword",      "UserExt/EraseUser"};

const std::string kMay = "-";
const std::string kForbidden = "FORBIDDEN";

void add_group_rights(std::vector<Right>& all) {
  const std::string group = R"({"groupId":"$group")";
  const std::string about_owner = group + R"(,"userId":"$owner")";
  const std::string about_other = group + R"(,"userId":"$other")";
  const std::string about_member = group + R"(,"userId":"$bystander")";
  const std::string out = "IS_NOT_IN_GROUP";
  auto add = [&](const std::string& method, const std::string& body, const std::string& member,
                 const std::string& moderator) {
    all.push_back({"LogicExt/" + method, body, {out, out, out, member, member, member, moderator}});
  };
  for (const std::string method : {"GetGroup", "GetGroupMembers", "SyncGroup", "LeaveGroup"})
    add(method, group + "}", kMay, kMay);
  add("AckGroup", group + R"(,"seq":"1"})", kMay, kMay);
  for (const auto& [method, rest] : std::vector<std::pair<std::string, std::string>>{
           {"UpdateGroup", R"(,"name":"taken"})"},
           {"AddGroupMembers", R"(,"userIds":["$stranger"]})"},
           {"SetGroupSettings", R"(,"joinMode":"JM_OPEN"})"},
           {"MuteGroup", R"(,"seconds":"60"})"},
           {"GetJoinRequests", "}"},
           {"AnswerJoinRequest", R"(,"userId":"$bystander","accept":true})"}})
    add(method, group + rest, kForbidden, kMay);
  // An administrator stands above members, not above the owner or another administrator.
  for (const auto& [method, rest] :
       std::vector<std::pair<std::string, std::string>>{{"UpdateGroupMember", R"(,"remarks":"x"})"},
                                                        {"MuteGroupMember", R"(,"seconds":"60"})"},
                                                        {"DeleteGroupMember", "}"}}) {
    add(method, about_owner + rest, kForbidden, kForbidden);
    add(method, about_other + rest, kForbidden, kForbidden);
    add(method, about_member + rest, kForbidden, kMay);
  }
  for (const std::string role : {"GR_ADMIN", "GR_MEMBER"})
    for (const auto& whom : {about_owner, about_other, about_member})
      add("SetGroupRole", whom + R"(,"role":")" + role + "\"}", kForbidden, kForbidden);
  for (const auto& whom : {about_owner, about_other, about_member})
    add("TransferGroup", whom + "}", kForbidden, kForbidden);
  for (const std::string method : {"DeleteGroup", "GrowGroup"})
    add(method, group + "}", kForbidden, kForbidden);
  const std::string shut = "JOIN_CLOSED";
  all.push_back({"LogicExt/JoinGroup", group + "}", {shut, shut, shut, kMay, kMay, kMay, kMay}});
}

void add_room_rights(std::vector<Right>& all) {
  const std::string room = R"({"roomId":"$room")";
  const std::string about_owner = room + R"(,"userId":"$owner")";
  const std::string about_other = room + R"(,"userId":"$other")";
  const std::string about_member = room + R"(,"userId":"$bystander")";
  const std::string no = kForbidden;
  for (const std::string method : {"GetRoom", "GetRoomUsers", "GetRoomHistory"})
    all.push_back(
        {"RoomExt/" + method, room + "}", {kMay, "BANNED", kMay, kMay, kMay, kMay, kMay}});
  const std::string out = "NOT_IN_ROOM";
  all.push_back({"RoomExt/PublishToRoom",
                 room + R"(,"messageType":"MT_TEXT","messageContent":{"text":"x"}})",
                 {out, "BANNED", out, out, out, out, out}});
  auto add = [&](const std::string& method, const std::string& body, const std::string& moderator) {
    all.push_back({"RoomExt/" + method, body, {no, no, no, no, no, no, moderator}});
  };
  add("SetRoom", room + R"(,"name":"taken"})", no);
  add("SetRoom", room + R"(,"publish":"RPB_SERVERS"})", no);
  add("SetRoom", room + R"(,"slowS":1})", kMay);
  add("MuteRoom", room + R"(,"seconds":"60"})", kMay);
  add("GetRoomRights", room + "}", kMay);
  for (const std::string method : {"MuteRoomUser", "BanRoomUser"}) {
    add(method, about_owner + R"(,"seconds":"60"})", no);
    add(method, about_other + R"(,"seconds":"60"})", no);
    add(method, about_member + R"(,"seconds":"60"})", kMay);
  }
  for (const std::string role : {"RR_MODERATOR", "RR_NONE"})
    for (const auto& whom : {about_owner, about_other, about_member})
      add("SetRoomRole", whom + R"(,"role":")" + role + "\"}", no);
  add("DeleteRoom", room + "}", no);
  add("CreateRoom", "{}", no);
}

std::vector<Right> rights() {
  const std::string text =
      R"("messageType":"MT_TEXT","isPersist":true,"messageContent":{"text":"x"}})";
  const std::string gone = "DEVICE_NOT_EXIST";
  const std::string unknown = "IS_NOT_FRIEND";
  const std::string out = "IS_NOT_IN_GROUP";
  std::vector<Right> all{
      {"LogicExt/SendMessage",
       R"({"receiverType":"RT_USER","receiverId":"$owner",)" + text,
       {unknown, unknown, "BLOCKED", unknown, kMay, kMay, kMay}},
      {"LogicExt/SendMessage",
       R"({"receiverType":"RT_NORMAL_GROUP","receiverId":"$group",)" + text,
       {out, out, out, kMay, kMay, "MUTED", kMay}},
      {"LogicExt/AddFriend",
       R"({"friendId":"$owner"})",
       {kMay, kMay, "BLOCKED", kMay, kMay, kMay, kMay}},
      {"LogicExt/SetFriend",
       R"({"userId":"$owner"})",
       {unknown, unknown, unknown, unknown, kMay, kMay, kMay}},
  };
  for (const std::string method : {"RevokeDevice", "GetDevice"})
    all.push_back({"LogicExt/" + method, R"({"deviceId":"$device"})",
                   std::vector<std::string>(kRelations.size(), gone)});
  add_group_rights(all);
  add_room_rights(all);
  // Who has left stands to nothing any more: that comes last.
  std::stable_partition(all.begin(), all.end(),
                        [](const Right& right) { return right.method != "LogicExt/LeaveGroup"; });
  return all;
}

const MethodDescriptor& method_named(const std::string& name) {
  for (const auto* method : served_methods())
    if (name_of(*method) == name) return *method;
  throw std::runtime_error("no method " + name);
}

// A request in JSON, as protobuf.
std::string in_binary(const MethodDescriptor& method, const std::string& json) {
  std::unique_ptr<google::protobuf::Message> request(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(method.input_type())
          ->New());
  REQUIRE(wire::from_json(json, *request));
  return request->SerializeAsString();
}

std::string reason_of(int code) {
  return pb::ErrCode_Name(static_cast<pb::ErrCode>(code)).substr(3);
}

// Calls as anybody of the house, over one door. What comes back is an error's name without its EC_.
class DoorOfCalls {
 public:
  virtual ~DoorOfCalls() = default;
  virtual std::string ask(const std::string& who, const std::string& method,
                          const std::string& body) = 0;
  // Whether one of the operator's servers can speak there.
  virtual bool takes_keys() const { return true; }
};

class OverHttp final : public DoorOfCalls {
 public:
  explicit OverHttp(RightsHouse& house) : house_(house) {}
  std::string ask(const std::string& who, const std::string& method,
                  const std::string& body) override {
    return reason_in(house_.as(who, method, body));
  }

 private:
  RightsHouse& house_;
};

class OverLongConnections final : public DoorOfCalls {
 public:
  OverLongConnections(RightsHouse& house, Door door) : house_(house), door_(door) {}
  std::string ask(const std::string& who, const std::string& method,
                  const std::string& body) override {
    auto found = connections_.find(who);
    if (found == connections_.end())
      found = connections_
                  .emplace(who, LongConnection::sign_in(door_, house_.tcp_port(), house_.port(),
                                                        house_.person(who)))
                  .first;
    pb::CallInput call;
    call.set_method("/pb." + method);
    call.set_request(in_binary(method_named(method), house_.fill_in(body)));
    found->second.send(pb::PT_CALL, ++id_, call.SerializeAsString());
    for (;;) {
      auto packet = found->second.receive();
      REQUIRE(packet);
      if (packet->type() == pb::PT_CALL && packet->request_id() == id_)
        return reason_of(packet->code());
    }
  }
  bool takes_keys() const override { return false; }

 private:
  RightsHouse& house_;
  Door door_;
  std::map<std::string, LongConnection> connections_;
  std::int64_t id_ = 0;
};

#ifdef LINNET_GRPC
class OverGrpc final : public DoorOfCalls {
 public:
  explicit OverGrpc(RightsHouse& house) : house_(house), channel_(channel_to(house.grpc_port())) {}
  std::string ask(const std::string& who, const std::string& method,
                  const std::string& body) override {
    const auto request = in_binary(method_named(method), house_.fill_in(body));
    return reason_of(static_cast<int>(
        call_bytes(channel_, "/pb." + method,
                   {{"authorization", "Bearer " + house_.person(who).token}}, request)
            .error_code()));
  }

 private:
  RightsHouse& house_;
  std::shared_ptr<grpc::Channel> channel_;
};
#endif

std::vector<std::unique_ptr<DoorOfCalls>> doors_of(RightsHouse& house) {
  std::vector<std::unique_ptr<DoorOfCalls>> all;
  all.push_back(std::make_unique<OverHttp>(house));
  for (auto door : {Door::kTcp, Door::kWebSocket, Door::kWebSocketJson})
    all.push_back(std::make_unique<OverLongConnections>(house, door));
#ifdef LINNET_GRPC
  all.push_back(std::make_unique<OverGrpc>(house));
#endif
  return all;
}

}  // namespace

TEST_CASE("a server's method needs a key of its scope that is not revoked") {
  RightsHouse house;
  const std::vector<std::string> scopes{"messages", "users",     "groups",
                                        "devices",  "broadcast", "rooms"};
  std::map<std::string, std::string> keys;
  for (const auto& scope : scopes)
    keys[scope] = house.make_key({scope});
  const auto revoked = house.make_key(scopes);
  house.revoke_last_key();
  const auto before = house.state();

  for (const auto* method : served_methods()) {
    if (method->options().GetExtension(pb::access) != pb::ACCESS_SERVER) continue;
    const auto name = name_of(*method);
    std::string scope = pb::Scope_Name(method->options().GetExtension(pb::scope)).substr(6);
    std::transform(scope.begin(), scope.end(), scope.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    REQUIRE(keys.count(scope) == 1);
    for (const auto& other : scopes) {
      CAPTURE(name, other);
      if (other != scope)
        CHECK(reason_in(house.call(bearer(keys[other]), name, "{}")) == "FORBIDDEN");
    }
    CHECK(reason_in(house.call(bearer(revoked), name, "{}")) == "UNAUTHORIZED");
    auto cut = keys[scope];
    cut.pop_back();
    CHECK(reason_in(house.call(bearer(cut), name, "{}")) == "UNAUTHORIZED");
    CHECK(reason_in(house.as("owner", name, "{}")) == "UNAUTHORIZED");
  }
  CHECK(house.state() == before);
}

TEST_CASE(
    "every method refuses whoever stands wrongly to what it is about, on every door, and changes "
    "nothing") {
  RightsHouse house;
  const auto before = house.state();
  const auto all = rights();
  const auto doors = doors_of(house);
  for (std::size_t door = 0; door < doors.size(); ++door)
    for (const auto& right : all) {
      REQUIRE(right.answers.size() == kRelations.size());
      for (std::size_t i = 0; i < kRelations.size(); ++i) {
        CAPTURE(door, right.method, right.body, kRelations[i]);
        if (right.answers[i] == kMay) continue;
        CHECK(doors[door]->ask(kRelations[i], right.method, right.body) == right.answers[i]);
      }
    }
  CHECK(house.state() == before);

  std::set<std::string> known = kEverybodys;
  for (const auto& right : all)
    known.insert(right.method);
  std::set<std::string> devices;
  for (const auto* method : served_methods())
    if (method->options().GetExtension(pb::access) == pb::ACCESS_DEVICE)
      devices.insert(name_of(*method));
  CHECK(known == devices);
}

TEST_CASE("who may is not refused with what refuses the others") {
  RightsHouse house;
  for (const auto& right : rights()) {
    const std::set<std::string> refusals(right.answers.begin(), right.answers.end());
    for (std::size_t i = 0; i < kRelations.size(); ++i) {
      if (right.answers[i] != kMay) continue;
      CAPTURE(right.method, right.body, kRelations[i]);
      const auto reason = reason_in(house.as(kRelations[i], right.method, right.body));
      CHECK(refusals.count(reason) == 0);
      CHECK(reason != "UNAUTHORIZED");
    }
  }
}

TEST_CASE("of a group or a room that has ended nobody gets anything, on any door") {
  RightsHouse house;
  const auto doors = doors_of(house);
  for (std::size_t door = 0; door < doors.size(); ++door)
    for (const auto& right : rights()) {
      auto body = right.body;
      const auto group = body.find("$group");
      const auto room = body.find("$room");
      if (group != std::string::npos) body.replace(group, 6, "$gone_group");
      if (room != std::string::npos) body.replace(room, 5, "$gone_room");
      if (body == right.body) continue;
      for (const std::string who : {"owner", "member", "moderator", "stranger"}) {
        if (body.find("$" + who + "\"") != std::string::npos) continue;  // of nobody's own role
        CAPTURE(door, right.method, body, who);
        const auto answer = doors[door]->ask(who, right.method, body);
        if (right.method == "LogicExt/AckGroup") {
          CHECK(answer == "IS_NOT_IN_GROUP");
        } else {
          CHECK(answer == (group != std::string::npos ? "GROUP_NOT_EXIST" : "ROOM_NOT_EXIST"));
        }
      }
    }
}

TEST_CASE("a device calls no server's method, and a server no device's, on any door") {
  RightsHouse house;
  const auto before = house.state();
  const auto doors = doors_of(house);
  for (std::size_t door = 0; door < doors.size(); ++door)
    for (const auto* method : served_methods()) {
      const auto access = method->options().GetExtension(pb::access);
      CAPTURE(door, name_of(*method));
      if (access == pb::ACCESS_SERVER)
        CHECK(doors[door]->ask("member", name_of(*method), "{}") == "UNAUTHORIZED");
      if (access == pb::ACCESS_DEVICE && doors[door]->takes_keys() && !method->server_streaming())
        CHECK(doors[door]->ask("key", name_of(*method), "{}") == "UNAUTHORIZED");
    }
  CHECK(house.state() == before);
  for (const auto& door : doors)
    if (door->takes_keys())
      CHECK(door->ask("key", "RoomInt/GetRoom", R"({"roomId":"$room"})") == "SUCCESS");
  for (auto door : {Door::kTcp, Door::kWebSocket, Door::kWebSocketJson}) {
    auto claims = house.person("owner");
    claims.token = house.person("key").token;
    CHECK_THROWS(LongConnection::sign_in(door, house.tcp_port(), house.port(), claims));
  }
}
