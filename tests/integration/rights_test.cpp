// Who may do what: every method with every kind of credentials that prove nothing, and with every
// relation that its caller may have to what it is about. A refusal has its code and changes
// nothing; a method that is in no table fails.
#include "pb/linnet.pb.h"
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;
using Json = nlohmann::json;

namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;

std::vector<const MethodDescriptor*> methods() {
  std::vector<const MethodDescriptor*> all;
  for (const char* file : {"pb/logic.ext.proto", "pb/user.ext.proto", "pb/room.ext.proto",
                           "pb/logic.int.proto", "pb/user.int.proto", "pb/room.int.proto"}) {
    const auto* found = DescriptorPool::generated_pool()->FindFileByName(file);
    REQUIRE(found != nullptr);
    for (int s = 0; s < found->service_count(); ++s)
      for (int m = 0; m < found->service(s)->method_count(); ++m)
        all.push_back(found->service(s)->method(m));
  }
  return all;
}

std::string name_of(const MethodDescriptor& method) {
  return method.service()->name() + "/" + method.name();
}

std::string error_in(const HttpAnswer& answer) {
  if (answer.status == 200) return "SUCCESS";
  auto reason = Json::parse(answer.body).at("details").at(0).at("debug").at("reason");
  return reason.get<std::string>().substr(3);
}

// The owner of a group and a room, and people who stand to them in every way.
class House {
 public:
  House()
      : data_((dir_.path() / "data").string()),
        server_(data_, {"--set", "rooms.open=false", "--set", "user.passwords=true"}) {
    for (const char* name :
         {"owner", "stranger", "removed", "blocked", "former", "member", "bystander"}) {
      people_[name] = sign_in(port(), "10" + std::to_string(people_.size()));
      names_[name] = std::to_string(people_[name].id.value());
    }
    inbox_device_ = sign_in(port(), "100").device;
    names_["device"] = std::to_string(people_["owner"].device.value());
    people_["key"].token = make_key({"rooms", "users"});
    make_group();
    make_room();
    make_friends(port(), people_["owner"], people_["member"]);
    must("owner", "LogicExt/BlockUser", R"({"userId":"$blocked"})");
    must("owner", "UserExt/SetPassword", R"({"password":"the owner's"})");
  }

  std::uint16_t port() const { return server_.http_port(); }
  std::uint16_t tcp_port() const { return server_.tcp_port(); }
  const TestUser& person(const std::string& name) const { return people_.at(name); }

  Outcome key(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "key");
    arguments.insert(arguments.end(), {"--data-dir", data_});
    return run_program(LINNET_BINARY, arguments);
  }
  std::string make_key(const std::vector<std::string>& scopes) {
    std::vector<std::string> arguments{"create", "test"};
    for (const auto& scope : scopes)
      arguments.insert(arguments.end(), {"--scope", scope});
    auto made = key(arguments);
    REQUIRE(made.status == 0);
    made.out.pop_back();
    return made.out;
  }

  HttpAnswer call(const Headers& credentials, const std::string& method, std::string body) {
    for (const auto& [name, value] : names_)
      for (auto at = body.find('$' + name); at != std::string::npos; at = body.find('$' + name))
        body.replace(at, name.size() + 1, value);
    Headers headers = credentials;
    headers.emplace_back("Content-Type", "application/json");
    return http(port(), "POST", "/pb." + method, headers, body);
  }
  HttpAnswer as(const std::string& who, const std::string& method, const std::string& body) {
    return call({{"Authorization", "Bearer " + people_.at(who).token}}, method, body);
  }
  Json must(const std::string& who, const std::string& method, const std::string& body) {
    auto answer = as(who, method, body);
    CAPTURE(who, method, body, answer.body);
    REQUIRE(answer.status == 200);
    return Json::parse(answer.body);
  }

  // All that the refused must not have changed, as its owner sees it.
  std::string state() {
    std::string all;
    for (const auto& [method, body] : std::vector<std::pair<std::string, std::string>>{
             {"LogicExt/GetGroup", R"({"groupId":"$group"})"},
             {"LogicExt/GetGroupMembers", R"({"groupId":"$group"})"},
             {"LogicExt/GetJoinRequests", R"({"groupId":"$group"})"},
             {"LogicExt/SyncGroup", R"({"groupId":"$group"})"},
             {"LogicExt/GetUserGroups", "{}"},
             {"LogicExt/GetFriends", "{}"},
             {"LogicExt/GetBlockedUsers", "{}"},
             {"LogicExt/ListDevices", "{}"},
             {"UserExt/GetUser", R"({"userId":"$owner"})"},
             {"RoomExt/GetRoom", R"({"roomId":"$room"})"},
             {"RoomExt/GetRoomRights", R"({"roomId":"$room"})"},
             {"RoomExt/GetRoomHistory", R"({"roomId":"$room"})"}}) {
      auto answer = must("owner", method, body);
      if (answer.contains("devices"))
        for (auto& device : answer["devices"]) {
          // This function signs in on one and connects it.
          device.erase("updateTime");
          device.erase("lastSeen");
        }
      all += method + " " + answer.dump() + "\n";
    }
    auto connection = LongConnection::sign_in(Door::kTcp, server_.tcp_port(), port(),
                                              sign_in_on(port(), "100", inbox_device_));
    all += std::to_string(connection.sync(0).size()) + " messages\n";
    return all;
  }

 private:
  void make_group() {
    names_["group"] = must("owner", "LogicExt/CreateGroup", R"({"type":1})")["groupId"];
    must("owner", "LogicExt/AddGroupMembers",
         R"({"groupId":"$group","userIds":["$removed","$former","$member","$bystander"]})");
    const std::string former = R"({"groupId":"$group","userId":"$former","role":)";
    must("owner", "LogicExt/SetGroupRole", former + R"("GR_ADMIN"})");
    must("owner", "LogicExt/SetGroupRole", former + R"("GR_MEMBER"})");
    must("owner", "LogicExt/DeleteGroupMember", R"({"groupId":"$group","userId":"$removed"})");
  }
  void make_room() {
    names_["room"] = "4711";
    must("key", "RoomInt/MakeRoom", R"({"roomId":"$room","ownerId":"$owner"})");
    const std::string former = R"({"roomId":"$room","userId":"$former","role":)";
    must("key", "RoomInt/SetRoomRole", former + R"("RR_MODERATOR"})");
    must("key", "RoomInt/SetRoomRole", former + R"("RR_NONE"})");
    must("key", "RoomInt/BanRoomUser",
         R"({"roomId":"$room","userId":"$removed","seconds":"6000"})");
  }

  TempDir dir_;
  std::string data_;
  ServerProcess server_;
  std::map<std::string, TestUser> people_;
  std::map<std::string, std::string> names_;
  DeviceId inbox_device_;
};

// What stranger (no relation), removed (from the group; banned in the room), blocked (by the
// owner), former (administrator and moderator) and member get who call `method` with `body`, which
// is about the owner's things. "-": they may.
struct Right {
  std::string method;
  std::string body;
  std::vector<std::string> answers;
};
const std::vector<std::string> kRelations{"stranger", "removed", "blocked", "former", "member"};

// What a caller does about itself, or about what all may see.
const std::set<std::string> kEverybodys{
    "LogicExt/SignOut",         "LogicExt/ListDevices",    "LogicExt/Receive",
    "LogicExt/AckMessages",     "LogicExt/AgreeAddFriend", "LogicExt/GetFriends",
    "LogicExt/DeleteFriend",    "LogicExt/UnblockUser",    "LogicExt/BlockUser",
    "LogicExt/GetBlockedUsers", "LogicExt/CreateGroup",    "LogicExt/GetUserGroups",
    "UserExt/SearchUser",       "UserExt/GetUser",         "UserExt/UpdateUser",
    "UserExt/SetPassword",      "UserExt/EraseUser"};

void add_group_rights(std::vector<Right>& all) {
  const std::string group = R"({"groupId":"$group")";
  const std::string about_owner = group + R"(,"userId":"$owner")";
  const std::string out = "IS_NOT_IN_GROUP";
  const std::string no = "FORBIDDEN";
  for (const std::string method : {"GetGroup", "GetGroupMembers", "SyncGroup", "LeaveGroup"})
    all.push_back({"LogicExt/" + method, group + "}", {out, out, out, "-", "-"}});
  all.push_back({"LogicExt/AckGroup", group + R"(,"seq":"1"})", {out, out, out, "-", "-"}});
  const std::vector<std::string> closed{out, out, out, no, no};
  const std::vector<std::pair<std::string, std::string>> administrators{
      {"UpdateGroup", group + R"(,"name":"taken"})"},
      {"AddGroupMembers", group + R"(,"userIds":["$stranger"]})"},
      {"UpdateGroupMember", about_owner + R"(,"remarks":"taken"})"},
      {"DeleteGroupMember", about_owner + "}"},
      {"DeleteGroup", group + "}"},
      {"TransferGroup", group + R"(,"userId":"$bystander"})"},
      {"SetGroupRole", group + R"(,"userId":"$bystander","role":"GR_ADMIN"})"},
      {"SetGroupSettings", group + R"(,"joinMode":"JM_OPEN"})"},
      {"MuteGroupMember", about_owner + R"(,"seconds":"60"})"},
      {"MuteGroup", group + R"(,"seconds":"60"})"},
      {"GetJoinRequests", group + "}"},
      {"AnswerJoinRequest", group + R"(,"userId":"$bystander","accept":true})"},
      {"GrowGroup", group + "}"}};
  for (const auto& [method, body] : administrators)
    all.push_back({"LogicExt/" + method, body, closed});
  const std::string shut = "JOIN_CLOSED";
  all.push_back({"LogicExt/JoinGroup", group + "}", {shut, shut, shut, "-", "-"}});
}

void add_room_rights(std::vector<Right>& all) {
  const std::string room = R"({"roomId":"$room")";
  const std::string about_owner = room + R"(,"userId":"$owner")";
  const std::string no = "FORBIDDEN";
  for (const std::string method : {"GetRoom", "GetRoomUsers", "GetRoomHistory"})
    all.push_back({"RoomExt/" + method, room + "}", {"-", "BANNED", "-", "-", "-"}});
  all.push_back({"RoomExt/PublishToRoom",
                 room + R"(,"messageType":"MT_TEXT","messageContent":{"text":"x"}})",
                 {"NOT_IN_ROOM", "BANNED", "NOT_IN_ROOM", "NOT_IN_ROOM", "NOT_IN_ROOM"}});
  const std::vector<std::pair<std::string, std::string>> masters{
      {"SetRoom", room + R"(,"name":"taken"})"},
      {"SetRoomRole", room + R"(,"userId":"$bystander","role":"RR_MODERATOR"})"},
      {"MuteRoomUser", about_owner + R"(,"seconds":"60"})"},
      {"BanRoomUser", about_owner + R"(,"seconds":"60"})"},
      {"MuteRoom", room + R"(,"seconds":"60"})"},
      {"GetRoomRights", room + "}"},
      {"DeleteRoom", room + "}"}};
  for (const auto& [method, body] : masters)
    all.push_back({"RoomExt/" + method, body, {no, no, no, no, no}});
  all.push_back({"RoomExt/CreateRoom", "{}", {no, no, no, no, no}});
}

std::vector<Right> rights() {
  const std::string text =
      R"("messageType":"MT_TEXT","isPersist":true,"messageContent":{"text":"x"}})";
  const std::string gone = "DEVICE_NOT_EXIST";
  const std::string unknown = "IS_NOT_FRIEND";
  std::vector<Right> all{
      {"LogicExt/RevokeDevice", R"({"deviceId":"$device"})", {gone, gone, gone, gone, gone}},
      {"LogicExt/GetDevice", R"({"deviceId":"$device"})", {gone, gone, gone, gone, gone}},
      {"LogicExt/SendMessage",
       R"({"receiverType":"RT_USER","receiverId":"$owner",)" + text,
       {unknown, unknown, "BLOCKED", unknown, "-"}},
      {"LogicExt/SendMessage",
       R"({"receiverType":"RT_NORMAL_GROUP","receiverId":"$group",)" + text,
       {"IS_NOT_IN_GROUP", "IS_NOT_IN_GROUP", "IS_NOT_IN_GROUP", "-", "-"}},
      {"LogicExt/AddFriend", R"({"friendId":"$owner"})", {"-", "-", "BLOCKED", "-", "-"}},
      {"LogicExt/SetFriend", R"({"userId":"$owner"})", {unknown, unknown, unknown, unknown, "-"}},
  };
  add_group_rights(all);
  add_room_rights(all);
  return all;
}

// Credentials that prove nothing, of every kind.
std::map<std::string, Headers> bad_credentials(House& house) {
  const auto& owner = house.person("owner");
  const auto& stranger = house.person("stranger");
  auto bearer = [](const std::string& token) {
    return Headers{{"Authorization", "Bearer " + token}};
  };
  auto ids = [](const TestUser& user, const std::string& token) {
    return Headers{{"user_id", std::to_string(user.id.value())},
                   {"device_id", std::to_string(user.device.value())},
                   {"token", token}};
  };
  auto forged = owner.token;
  forged.back() = forged.back() == 'A' ? 'B' : 'A';
  auto signed_out = sign_in(house.port(), "199");
  house.call(bearer(signed_out.token), "LogicExt/SignOut", "{}");
  auto replaced = sign_in(house.port(), "198");
  sign_in_on(house.port(), "198", replaced.device);
  const auto owners_name = owner.token.substr(0, owner.token.rfind('.') + 1);
  return {
      {"none", {}},
      {"empty", bearer("")},
      {"forged", bearer(forged)},
      {"truncated", bearer(owner.token.substr(0, owner.token.size() - 1))},
      {"lengthened", bearer(owner.token + "A")},
      {"another's secret",
       bearer(owners_name + stranger.token.substr(stranger.token.rfind('.') + 1))},
      {"signed out", bearer(signed_out.token)},
      {"replaced by a newer one", bearer(replaced.token)},
      {"another's, with the owner's ids", ids(owner, stranger.token)},
      {"the owner's, with another's ids", ids(stranger, owner.token)},
      {"no token, the owner's ids", ids(owner, "")},
      {"basic", {{"Authorization", "Basic " + owner.token}}},
      {"lowest key", bearer("lk_" + std::string(43, 'A'))},
  };
}

}  // namespace

TEST_CASE("credentials that prove nothing open no method, and leave no trace") {
  House house;
  const auto bad = bad_credentials(house);
  const auto before = house.state();
  int refused = 0;
  for (const auto* method : methods()) {
    const auto access = method->options().GetExtension(pb::access);
    if (access == pb::ACCESS_ANYONE || method->server_streaming()) continue;
    for (const auto& [kind, credentials] : bad) {
      CAPTURE(name_of(*method), kind);
      CHECK(error_in(house.call(credentials, name_of(*method), "{}")) == "UNAUTHORIZED");
      ++refused;
    }
  }
  CHECK(refused > 800);
  CHECK(house.state() == before);
}

TEST_CASE("credentials that prove nothing open no connection on any door") {
  House house;
  for (const auto& [kind, credentials] : bad_credentials(house)) {
    CAPTURE(kind);
    TestUser claims = house.person("owner");
    claims.token.clear();
    for (const auto& [name, value] : credentials) {
      if (name == "user_id") claims.id = UserId(std::stoll(value));
      if (name == "device_id") claims.device = DeviceId(std::stoll(value));
      if (name == "token") claims.token = value;
      if (name == "Authorization" && value.starts_with("Bearer ")) claims.token = value.substr(7);
    }
    for (auto door : {Door::kTcp, Door::kWebSocket, Door::kWebSocketJson})
      CHECK_THROWS(LongConnection::sign_in(door, house.tcp_port(), house.port(), claims));
    auto events = http(house.port(), "GET", "/events", credentials);
    CHECK(events.status >= 400);
  }
}

TEST_CASE("a server's method needs a key of its scope that is not revoked") {
  House house;
  const std::vector<std::string> scopes{"messages", "users",     "groups",
                                        "devices",  "broadcast", "rooms"};
  std::map<std::string, std::string> keys;
  for (const auto& scope : scopes)
    keys[scope] = house.make_key({scope});
  const auto revoked = house.make_key(scopes);
  const auto list = house.key({"list"}).out;
  const auto last = list.substr(list.rfind('\n', list.size() - 2) + 1);
  REQUIRE(house.key({"revoke", std::to_string(std::stoll(last))}).status == 0);
  const auto before = house.state();
  auto with = [](const std::string& key) { return Headers{{"Authorization", "Bearer " + key}}; };

  for (const auto* method : methods()) {
    if (method->options().GetExtension(pb::access) != pb::ACCESS_SERVER) continue;
    const auto name = name_of(*method);
    std::string scope = pb::Scope_Name(method->options().GetExtension(pb::scope)).substr(6);
    std::transform(scope.begin(), scope.end(), scope.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    REQUIRE(keys.count(scope) == 1);
    for (const auto& other : scopes) {
      CAPTURE(name, other);
      if (other != scope) CHECK(error_in(house.call(with(keys[other]), name, "{}")) == "FORBIDDEN");
    }
    CHECK(error_in(house.call(with(revoked), name, "{}")) == "UNAUTHORIZED");
    auto cut = keys[scope];
    cut.pop_back();
    CHECK(error_in(house.call(with(cut), name, "{}")) == "UNAUTHORIZED");
    CHECK(error_in(house.as("owner", name, "{}")) == "UNAUTHORIZED");
  }
  CHECK(house.state() == before);
}

TEST_CASE("every method refuses whoever stands wrongly to what it is about, and changes nothing") {
  House house;
  const auto before = house.state();
  std::set<std::string> known = kEverybodys;
  for (const auto& right : rights()) {
    known.insert(right.method);
    REQUIRE(right.answers.size() == kRelations.size());
    for (std::size_t i = 0; i < kRelations.size(); ++i) {
      CAPTURE(right.method, right.body, kRelations[i]);
      if (right.answers[i] == "-") continue;
      CHECK(error_in(house.as(kRelations[i], right.method, right.body)) == right.answers[i]);
    }
  }
  CHECK(house.state() == before);

  std::set<std::string> devices;
  for (const auto* method : methods())
    if (method->options().GetExtension(pb::access) == pb::ACCESS_DEVICE)
      devices.insert(name_of(*method));
  CHECK(known == devices);
}
