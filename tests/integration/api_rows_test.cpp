// The table of docs/api.md against the real executable: who may call each method, and each error
// that a method declares. A method or an error that is added and not tried here fails.
#include "pb/linnet.pb.h"
#include "room_client.hpp"
#include "support/hook_server.hpp"
#include "support/raw_client.hpp"
#include "support/secret_file.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"
#include "linnet/wire/json.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

using namespace linnet;
using namespace linnet::test;

namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;

// Every method that is served.
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

std::string path_of(const MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

// People and groups in every state that a row needs.
class Stage {
 public:
  Stage()
      : server_(dir_.path() / "data",
                {"--set", "groups.small_members=4", "--set", "rooms.open=false", "--set",
                 "rooms.rights=4", "--set", "user.passwords=true"}),
        hooked_(dir_.path() / "hooked", {"--set", "codes.hook=http://127.0.0.1:1/", "--set",
                                         "hook.secret_file=" + write_secret(dir_)}),
        plain_(dir_.path() / "plain", {"--set", "user.search=false"}),
        few_(dir_.path() / "few",
             {"--set", "limits.enabled=true", "--set", "limits.friends_per_user=1", "--set",
              "limits.groups_per_user=1"}),
        outside_(dir_.path() / "outside", {"--set", "user.mode=jwt", "--set", "jwt.algorithm=HS256",
                                           "--set", "jwt.key_file=" + write_secret(dir_)}),
        asked_(dir_.path() / "asked",
               {"--set", "user.mode=hook", "--set", "user.hook=" + yes_.url(), "--set",
                "hook.secret_file=" + write_secret(dir_)}) {
    for (const char* name : {"owner", "admin", "member", "stranger", "fourth"}) {
      people_[name] = sign_in(server_.http_port(), "10" + std::to_string(people_.size()));
      names_[name] = std::to_string(people_[name].id.value());
    }
    people_["asked"] = TestUser{UserId(1), new_device(asked_.http_port()), "x"};
    auto key =
        run_program(LINNET_BINARY, {"key", "create", "test", "--scope", "messages", "--scope",
                                    "users", "--scope", "groups", "--scope", "devices", "--scope",
                                    "broadcast", "--data-dir", (dir_.path() / "data").string()});
    REQUIRE(key.status == 0);
    people_["server"].token = key.out.substr(0, key.out.size() - 1);
    for (const char* scope : {"rooms", "users"}) {
      auto narrow = run_program(LINNET_BINARY, {"key", "create", "test", "--scope", scope,
                                                "--data-dir", (dir_.path() / "data").string()});
      REQUIRE(narrow.status == 0);
      people_[scope].token = narrow.out.substr(0, narrow.out.size() - 1);
    }
    people_["plain"] = sign_in(plain_.http_port(), "100");
    must("owner", "/pb.UserExt/SetPassword", R"({"password":"the owner's"})");
    names_["device"] = std::to_string(people_["owner"].device.value());
    names_["nobodys"] = must("", "/pb.LogicExt/RegisterDevice",
                             R"({"type":1,"brand":"b","model":"m","systemVersion":"s",)"
                             R"("sdkVersion":"v"})")["deviceId"];
    names_["long"] = std::string(60'001, 'x');
    make_groups();
    make_rooms();
    make_few();
    must("stranger", "/pb.LogicExt/AddFriend", R"({"friendId":"$owner"})");
    must("stranger", "/pb.LogicExt/BlockUser", R"({"userId":"$owner"})");
    names_["gone"] = std::to_string(sign_in(server_.http_port(), "300").id.value());
    must("server", "/pb.LogicInt/RemoveUser", R"({"userId":"$gone"})");
  }

  // Calls as `who`; "" for nobody, "hooked" for nobody at a server whose hooks are away, "plain"
  // for a user of a server that offers no more than it must, "outside" for nobody at a server whose
  // users are elsewhere, "asked" for a user of one whose user system says yes to everything. Every
  // $name in `body` is replaced.
  HttpAnswer call(const std::string& who, const std::string& path, std::string body) {
    for (const auto& [name, value] : names_)
      for (auto at = body.find('$' + name); at != std::string::npos; at = body.find('$' + name))
        body.replace(at, name.size() + 1, value);
    const std::map<std::string, const ServerProcess*> others{
        {"hooked", &hooked_}, {"plain", &plain_}, {"outside", &outside_}, {"asked", &asked_},
        {"few", &few_},       {"y_few", &few_},   {"z_few", &few_},       {"server_few", &few_}};
    auto other = others.find(who);
    Caller caller(other == others.end() ? server_.http_port() : other->second->http_port());
    if (people_.count(who) != 0) caller.use(people_.at(who));
    return caller.post(path, body, "application/json");
  }
  static std::string error_in(const HttpAnswer& answer) {
    if (answer.status == 200) return "EC_SUCCESS";
    auto body = nlohmann::json::parse(answer.body);
    return body.at("details").at(0).at("debug").at("reason");
  }

 private:
  nlohmann::json must(const std::string& who, const std::string& path, const std::string& body) {
    auto answer = call(who, path, body);
    CAPTURE(path, answer.body);
    REQUIRE(answer.status == 200);
    return nlohmann::json::parse(answer.body);
  }
  // "few" has asked as many to be friends and is in as many groups as it may; "z_few" has asked it.
  void make_few() {
    for (const char* name : {"few", "y_few", "z_few"}) {
      people_[name] = sign_in(few_.http_port(), "20" + std::to_string(people_.size()));
      names_[name] = std::to_string(people_[name].id.value());
    }
    auto key = run_program(LINNET_BINARY, {"key", "create", "test", "--scope", "groups",
                                           "--data-dir", (dir_.path() / "few").string()});
    REQUIRE(key.status == 0);
    people_["server_few"].token = key.out.substr(0, key.out.size() - 1);
    must("few", "/pb.LogicExt/CreateGroup", R"({"type":1})");
    names_["x_few"] = must("y_few", "/pb.LogicExt/CreateGroup", R"({"type":1})")["groupId"];
    must("y_few", "/pb.LogicExt/SetGroupSettings", R"({"groupId":"$x_few","joinMode":"JM_OPEN"})");
    must("few", "/pb.LogicExt/AddFriend", R"({"friendId":"$y_few"})");
    must("z_few", "/pb.LogicExt/AddFriend", R"({"friendId":"$few"})");
  }
  // "group": owner, admin, member. "full": as that and a fourth, with a request waiting, and the
  // member muted. "open": full too, and anybody may join.
  void make_groups() {
    for (const char* name : {"group", "full", "open"}) {
      const std::string group = "$" + std::string(name);
      names_[name] = must("owner", "/pb.LogicExt/CreateGroup", R"({"type":1})")["groupId"];
      must("owner", "/pb.LogicExt/AddGroupMembers",
           R"({"groupId":")" + group + R"(","userIds":["$admin","$member"]})");
      must("owner", "/pb.LogicExt/SetGroupRole",
           R"({"groupId":")" + group + R"(","userId":"$admin","role":"GR_ADMIN"})");
    }
    must("owner", "/pb.LogicExt/SetGroupSettings",
         R"({"groupId":"$full","joinMode":"JM_APPROVAL"})");
    must("stranger", "/pb.LogicExt/JoinGroup", R"({"groupId":"$full"})");
    must("owner", "/pb.LogicExt/MuteGroupMember",
         R"({"groupId":"$full","userId":"$member","seconds":"600"})");
    must("owner", "/pb.LogicExt/SetGroupSettings", R"({"groupId":"$open","joinMode":"JM_OPEN"})");
    for (const char* group : {"$full", "$open"})
      must("owner", "/pb.LogicExt/AddGroupMembers",
           R"({"groupId":")" + std::string(group) + R"(","userIds":["$fourth"]})");
  }

  // "room": owner, admin is a moderator, member is muted, fourth is banned. "slow": the stranger
  // has said something. "hushed": servers alone write.
  void make_rooms() {
    int id = 0;
    for (const char* name : {"room", "slow", "hushed"}) {
      names_[name] = std::to_string(++id);
      must("rooms", "/pb.RoomInt/MakeRoom",
           R"({"roomId":"$)" + std::string(name) + R"(","ownerId":"$owner"})");
    }
    const std::string of = R"({"roomId":"$room","userId":")";
    must("rooms", "/pb.RoomInt/SetRoomRole", of + R"($admin","role":"RR_MODERATOR"})");
    must("rooms", "/pb.RoomInt/MuteRoomUser", of + R"($member","seconds":"600"})");
    must("rooms", "/pb.RoomInt/BanRoomUser", of + R"($fourth","seconds":"600"})");
    must("rooms", "/pb.RoomInt/SetRoom", R"({"roomId":"$slow","slowS":600})");
    must("rooms", "/pb.RoomInt/SetRoom", R"({"roomId":"$hushed","publish":"RPB_SERVERS"})");
    for (const char* who : {"owner", "member", "stranger"}) {
      clients_.push_back(std::make_unique<RoomClient>(LongConnection::sign_in(
          LongConnection::Door::kTcp, server_.tcp_port(), server_.http_port(), people_[who])));
      for (std::int64_t room = 1; room <= id; ++room)
        clients_.back()->enter(room);
    }
    clients_.back()->say(2, "one");
  }

  TempDir dir_;
  ServerProcess server_;
  ServerProcess hooked_;
  ServerProcess plain_;
  ServerProcess few_;
  ServerProcess outside_;
  HookServer yes_{[](const HookRequest&) { return HookAnswer{200, "{}", {}}; }};
  ServerProcess asked_;
  std::vector<std::unique_ptr<RoomClient>> clients_;
  std::map<std::string, TestUser> people_;
  std::map<std::string, std::string> names_;
};

struct Row {
  std::string method;  // "LogicExt/SendMessage"
  std::string error;   // without EC_
  std::string who;
  std::string body;
};

// What the calls that change a group have in common.
void add_group_rows(std::vector<Row>& rows, const std::string& method, const std::string& more,
                    const std::string& forbidden_for, const std::string& forbidden_more) {
  const auto path = "LogicExt/" + method;
  rows.push_back({path, "GROUP_NOT_EXIST", "owner", R"({"groupId":"999")" + more + "}"});
  rows.push_back({path, "IS_NOT_IN_GROUP", "stranger", R"({"groupId":"$group")" + more + "}"});
  if (!forbidden_for.empty())
    rows.push_back(
        {path, "FORBIDDEN", forbidden_for, R"({"groupId":"$group")" + forbidden_more + "}"});
}

void add_room_rows(std::vector<Row>& all) {
  const std::string none = R"({"roomId":"999")";
  const std::string room = R"({"roomId":"$room")";
  const std::string stranger = R"(,"userId":"$stranger")";
  const std::string words = R"(,"messageType":"MT_TEXT","messageContent":{"text":"x"}})";
  const std::string too_long = R"(,"messageType":"MT_TEXT","messageContent":{"text":"$long"}})";
  for (const std::string method : {"GetRoom", "GetRoomUsers", "GetRoomHistory"}) {
    all.push_back({"RoomExt/" + method, "ROOM_NOT_EXIST", "owner", none + "}"});
    all.push_back({"RoomExt/" + method, "BANNED", "fourth", room + "}"});
    all.push_back({"RoomInt/" + method, "ROOM_NOT_EXIST", "rooms", none + "}"});
  }
  for (const std::string method : {"SetRoom", "MuteRoom", "GetRoomRights", "DeleteRoom"}) {
    all.push_back({"RoomExt/" + method, "ROOM_NOT_EXIST", "owner", none + "}"});
    all.push_back({"RoomExt/" + method, "FORBIDDEN", "member", room + "}"});
    all.push_back({"RoomInt/" + method, "ROOM_NOT_EXIST", "rooms", none + "}"});
  }
  for (const std::string method : {"SetRoomRole", "MuteRoomUser", "BanRoomUser"}) {
    const auto more =
        stranger + (method == "SetRoomRole" ? R"(,"role":"RR_MODERATOR"})" : R"(,"seconds":"60"})");
    all.push_back({"RoomExt/" + method, "ROOM_NOT_EXIST", "owner", none + more});
    all.push_back({"RoomExt/" + method, "FORBIDDEN", "member", room + more});
    all.push_back({"RoomExt/" + method, "TOO_LARGE", "owner", room + more});
    all.push_back({"RoomInt/" + method, "ROOM_NOT_EXIST", "rooms", none + more});
    all.push_back({"RoomInt/" + method, "TOO_LARGE", "rooms", room + more});
  }
  const std::vector<Row> others{
      {"RoomExt/CreateRoom", "FORBIDDEN", "owner", "{}"},
      {"RoomExt/PublishToRoom", "ROOM_NOT_EXIST", "owner", none + words},
      {"RoomExt/PublishToRoom", "NOT_IN_ROOM", "admin", room + words},
      {"RoomExt/PublishToRoom", "BANNED", "fourth", room + words},
      {"RoomExt/PublishToRoom", "MUTED", "member", room + words},
      {"RoomExt/PublishToRoom", "SLOW_MODE", "stranger", R"({"roomId":"$slow")" + words},
      {"RoomExt/PublishToRoom", "FORBIDDEN", "owner", R"({"roomId":"$hushed")" + words},
      {"RoomExt/PublishToRoom", "TOO_LARGE", "owner", room + too_long},
      {"RoomInt/PublishToRoom", "ROOM_NOT_EXIST", "rooms", none + words},
      {"RoomInt/PublishToRoom", "TOO_LARGE", "rooms", room + too_long},
      {"RoomInt/MakeRoom", "ROOM_ALREADY_EXIST", "rooms", room + "}"},
      {"RoomInt/MakeRoom", "USER_NOT_EXIST", "rooms", R"({"ownerId":"$gone"})"},
      {"LogicInt/Broadcast", "TOO_LARGE", "server", "{" + too_long.substr(1)},
  };
  all.insert(all.end(), others.begin(), others.end());
}

std::vector<Row> rows() {
  const std::string text =
      R"(","messageType":"MT_TEXT","isPersist":true,"messageContent":{"text":"x"}})";
  const std::string to_user = R"({"receiverType":"RT_USER","receiverId":")";
  const std::string to_group = R"({"receiverType":"RT_NORMAL_GROUP","receiverId":")";
  const std::string too_long =
      R"({"receiverType":"RT_USER","receiverId":"$owner","messageType":"MT_TEXT","isPersist":true,)"
      R"("messageContent":{"text":"$long"}})";
  const std::string member = R"(,"userId":"$member")";
  const std::string admin = R"(,"userId":"$admin")";
  std::vector<Row> all{
      {"LogicExt/RevokeDevice", "DEVICE_NOT_EXIST", "admin", R"({"deviceId":"$device"})"},
      {"LogicExt/GetDevice", "DEVICE_NOT_EXIST", "admin", R"({"deviceId":"$device"})"},
      {"LogicExt/SendMessage", "USER_NOT_EXIST", "owner", to_user + "999" + text},
      {"LogicExt/SendMessage", "IS_NOT_FRIEND", "owner", to_user + "$admin" + text},
      {"LogicExt/SendMessage", "BLOCKED", "owner", to_user + "$stranger" + text},
      {"LogicExt/SendMessage", "GROUP_NOT_EXIST", "owner", to_group + "999" + text},
      {"LogicExt/SendMessage", "IS_NOT_IN_GROUP", "stranger", to_group + "$group" + text},
      {"LogicExt/SendMessage", "MUTED", "member", to_group + "$full" + text},
      {"LogicExt/SendMessage", "TOO_LARGE", "owner", too_long},
      {"LogicExt/AddFriend", "USER_NOT_EXIST", "owner", R"({"friendId":"999"})"},
      {"LogicExt/AddFriend", "BLOCKED", "owner", R"({"friendId":"$stranger"})"},
      {"LogicExt/SetFriend", "IS_NOT_FRIEND", "owner", R"({"userId":"$admin"})"},
      {"LogicExt/BlockUser", "USER_NOT_EXIST", "owner", R"({"userId":"999"})"},
      {"LogicExt/UnblockUser", "USER_NOT_EXIST", "owner", R"({"userId":"999"})"},
      {"LogicExt/AddFriend", "TOO_MANY_FRIENDS", "few", R"({"friendId":"$z_few"})"},
      {"LogicExt/AgreeAddFriend", "BLOCKED", "owner", R"({"userId":"$stranger"})"},
      {"LogicExt/AgreeAddFriend", "TOO_MANY_FRIENDS", "few", R"({"userId":"$z_few"})"},
      {"LogicExt/CreateGroup", "TOO_MANY_GROUPS", "few", "{}"},
      {"LogicExt/JoinGroup", "TOO_MANY_GROUPS", "few", R"({"groupId":"$x_few"})"},
      {"LogicInt/MakeGroup", "TOO_MANY_GROUPS", "server_few", R"({"ownerId":"$few","type":1})"},
      {"LogicExt/AddGroupMembers", "GROUP_FULL", "admin",
       R"({"groupId":"$group","userIds":["$stranger","$fourth"]})"},
      {"LogicExt/AddGroupMembers", "USER_NOT_EXIST", "owner",
       R"({"groupId":"$group","userIds":["999"]})"},
      {"LogicExt/AnswerJoinRequest", "GROUP_FULL", "admin",
       R"({"groupId":"$full","userId":"$stranger","accept":true})"},
      {"LogicExt/AnswerJoinRequest", "BLOCKED", "owner",
       R"({"groupId":"$full","userId":"$stranger","accept":true})"},
      {"LogicExt/AnswerJoinRequest", "USER_NOT_EXIST", "owner",
       R"({"groupId":"$full","userId":"999","accept":true})"},
      {"LogicExt/AckGroup", "IS_NOT_IN_GROUP", "stranger", R"({"groupId":"$group"})"},
      {"LogicExt/JoinGroup", "GROUP_NOT_EXIST", "stranger", R"({"groupId":"999"})"},
      {"LogicExt/JoinGroup", "JOIN_CLOSED", "stranger", R"({"groupId":"$group"})"},
      {"LogicExt/JoinGroup", "GROUP_FULL", "stranger", R"({"groupId":"$open"})"},
      {"UserExt/SendCode", "CODE_NOT_SENT", "hooked", R"({"phoneNumber":"100"})"},
      {"UserExt/SendCode", "NOT_OFFERED", "outside", "{}"},
      {"UserExt/SignIn", "NOT_OFFERED", "outside", "{}"},
      {"UserExt/SignIn", "BAD_CODE", "",
       R"({"phoneNumber":"100","code":"1","deviceId":"$device"})"},
      {"UserExt/SignIn", "DEVICE_NOT_EXIST", "",
       R"({"phoneNumber":"100","code":"424242","deviceId":"999"})"},
      {"UserExt/SignInByPassword", "BAD_PASSWORD", "",
       R"({"phoneNumber":"100","password":"another","deviceId":"$device"})"},
      {"UserExt/SignInByPassword", "DEVICE_NOT_EXIST", "",
       R"({"phoneNumber":"100","password":"the owner's","deviceId":"999"})"},
      {"UserExt/SignInByPassword", "NOT_OFFERED", "plain", "{}"},
      {"UserExt/SetPassword", "BAD_PASSWORD", "owner", R"({"oldPassword":"another"})"},
      {"UserExt/SetPassword", "BAD_CODE", "owner", R"({"code":"1"})"},
      {"UserExt/SetPassword", "NOT_OFFERED", "plain", "{}"},
      {"UserExt/EraseUser", "BAD_PASSWORD", "owner", R"({"password":"another"})"},
      {"UserExt/EraseUser", "BAD_CODE", "owner", R"({"code":"1"})"},
      {"UserExt/EraseUser", "NOT_OFFERED", "asked", R"({"code":"1"})"},
      {"UserExt/SearchUser", "NOT_OFFERED", "plain", R"({"phoneNumber":"100"})"},
      {"UserExt/UpdateUser", "NOT_OFFERED", "asked", "{}"},
      {"UserExt/GetUser", "USER_NOT_EXIST", "owner", R"({"userId":"999"})"},
      {"LogicInt/SendMessage", "USER_NOT_EXIST", "server", to_user + "999" + text},
      {"LogicInt/SendMessage", "GROUP_NOT_EXIST", "server", to_group + "999" + text},
      {"LogicInt/SendMessage", "TOO_LARGE", "server", too_long},
      {"LogicInt/GetDevice", "DEVICE_NOT_EXIST", "server", R"({"deviceId":"999"})"},
      {"LogicInt/KickDevice", "DEVICE_NOT_EXIST", "server", R"({"deviceId":"999"})"},
      {"LogicInt/KickDevice", "DEVICE_NOT_BIND_USER", "server", R"({"deviceId":"$nobodys"})"},
      {"LogicInt/CreateUser", "USER_ALREADY_EXIST", "server", R"({"phoneNumber":"100"})"},
      {"LogicInt/RemoveUser", "USER_NOT_EXIST", "server", R"({"userId":"999"})"},
      {"LogicInt/MakeGroup", "USER_NOT_EXIST", "server", R"({"ownerId":"999"})"},
      {"LogicInt/MakeGroup", "GROUP_FULL", "server",
       R"({"ownerId":"$owner","memberIds":["$admin","$member","$stranger","$fourth"]})"},
      {"UserInt/GetUser", "USER_NOT_EXIST", "server", R"({"userId":"999"})"},
  };
  for (const char* method : {"GetGroup", "GetGroupMembers", "SyncGroup"})
    add_group_rows(all, method, "", "", "");
  for (const char* method : {"UpdateGroup", "SetGroupSettings", "MuteGroup", "GrowGroup",
                             "DeleteGroup", "GetJoinRequests"})
    add_group_rows(all, method, "", "member", "");
  add_group_rows(all, "LeaveGroup", "", "owner", "");
  add_group_rows(all, "DeleteGroupMember", member, "member", admin);
  add_group_rows(all, "SetGroupRole", member, "admin", member);
  add_group_rows(all, "TransferGroup", member, "admin", member);
  add_group_rows(all, "UpdateGroupMember", member, "member", admin);
  add_group_rows(all, "MuteGroupMember", member, "member", admin);
  add_group_rows(all, "AnswerJoinRequest", member, "member", R"(,"userId":"$stranger")");
  add_group_rows(all, "AddGroupMembers", R"(,"userIds":["$fourth"])", "member",
                 R"(,"userIds":["$fourth"])");
  add_room_rows(all);
  return all;
}

}  // namespace

TEST_CASE("each error that a method declares is given by it, and each is tried") {
  Stage stage;
  std::set<std::string> tried;
  for (const auto& row : rows()) {
    CAPTURE(row.method, row.who, row.body.substr(0, 200));
    CHECK(Stage::error_in(stage.call(row.who, "/pb." + row.method, row.body)) == "EC_" + row.error);
    tried.insert(row.method + " EC_" + row.error);
  }
  std::set<std::string> declared;
  for (const auto* method : methods()) {
    const auto& options = method->options();
    for (int i = 0; i < options.ExtensionSize(pb::errors); ++i)
      declared.insert(method->service()->name() + "/" + method->name() + " " +
                      pb::ErrCode_Name(options.GetExtension(pb::errors, i)));
  }
  CHECK(tried == declared);
}

TEST_CASE("whoever may not call a method is refused, whatever the method") {
  Stage stage;
  int refused = 0;
  for (const auto* method : methods()) {
    const auto access = method->options().GetExtension(pb::access);
    const auto path = path_of(*method);
    CAPTURE(path);
    REQUIRE(access != pb::ACCESS_UNSET);
    if (access == pb::ACCESS_ANYONE) continue;
    if (method->server_streaming()) continue;  // streams_test.cpp tries those
    if (access == pb::ACCESS_SERVER) {
      const bool rooms = method->options().GetExtension(pb::scope) == pb::SCOPE_ROOMS;
      CHECK(Stage::error_in(stage.call(rooms ? "users" : "rooms", path, "{}")) == "EC_FORBIDDEN");
    }
    const std::string other = access == pb::ACCESS_DEVICE ? "server" : "owner";
    for (const auto& who : {std::string(), other}) {
      CHECK(Stage::error_in(stage.call(who, path, "{}")) == "EC_UNAUTHORIZED");
      ++refused;
    }
  }
  CHECK(refused > 80);
}
