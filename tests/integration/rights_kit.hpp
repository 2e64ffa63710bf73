// What the tests of rights share: every method, a house in which people stand to an owner's things
// in every way, and credentials of every kind that prove nothing.
#pragma once

#include "pb/linnet.pb.h"
#include "support/raw_client.hpp"
#include "support/secrets.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace linnet::test {

using google::protobuf::MethodDescriptor;

inline std::vector<const MethodDescriptor*> served_methods() {
  std::vector<const MethodDescriptor*> all;
  for (const char* file : {"pb/logic.ext.proto", "pb/user.ext.proto", "pb/room.ext.proto",
                           "pb/logic.int.proto", "pb/user.int.proto", "pb/room.int.proto"}) {
    const auto* found = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(file);
    REQUIRE(found != nullptr);
    for (int s = 0; s < found->service_count(); ++s)
      for (int m = 0; m < found->service(s)->method_count(); ++m)
        all.push_back(found->service(s)->method(m));
  }
  return all;
}

inline std::string name_of(const MethodDescriptor& method) {
  return method.service()->name() + "/" + method.name();
}

// An error's name without its EC_, of the answer to a call in JSON.
inline std::string reason_in(const HttpAnswer& answer) {
  if (answer.status == 200) return "SUCCESS";
  auto reason = nlohmann::json::parse(answer.body).at("details").at(0).at("debug").at("reason");
  return reason.get<std::string>().substr(3);
}

inline Headers bearer(const std::string& token) {
  return {{"Authorization", "Bearer " + token}};
}

// The owner of a group and a room, and people who stand to them in every way.
class RightsHouse {
 public:
  RightsHouse() : data_((dir_.path() / "data").string()), server_(data_, settings()) {
    for (const char* name : {"owner", "stranger", "removed", "blocked", "former", "member", "muted",
                             "moderator", "other", "bystander"}) {
      people_[name] = sign_in(port(), "10" + std::to_string(people_.size()));
      names_[name] = std::to_string(people_[name].id.value());
    }
    inbox_device_ = sign_in(port(), "100").device;
    names_["device"] = std::to_string(people_["owner"].device.value());
    people_["key"].token = make_key({"rooms", "users"});
    make_group();
    make_room();
    make_friends(port(), people_["owner"], people_["member"]);
    make_friends(port(), people_["owner"], people_["muted"]);
    make_friends(port(), people_["owner"], people_["moderator"]);
    must("owner", "LogicExt/BlockUser", R"({"userId":"$blocked"})");
    must("owner", "UserExt/SetPassword", R"({"password":"the owner's"})");
  }

  std::uint16_t port() const { return server_.http_port(); }
  std::uint16_t tcp_port() const { return server_.tcp_port(); }
  std::uint16_t grpc_port() const { return server_.grpc_port(); }
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
  // The key that was made last.
  void revoke_last_key() {
    const auto list = key({"list"}).out;
    const auto last = list.substr(list.rfind('\n', list.size() - 2) + 1);
    REQUIRE(key({"revoke", std::to_string(std::stoll(last))}).status == 0);
  }

  // `body` with the number of each $name in it.
  std::string fill_in(std::string body) const {
    for (const auto& [name, value] : names_)
      for (auto at = body.find('$' + name); at != std::string::npos; at = body.find('$' + name))
        body.replace(at, name.size() + 1, value);
    return body;
  }
  HttpAnswer call(const Headers& credentials, const std::string& method, const std::string& body) {
    Headers headers = credentials;
    headers.emplace_back("Content-Type", "application/json");
    return http(port(), "POST", "/pb." + method, headers, fill_in(body));
  }
  HttpAnswer as(const std::string& who, const std::string& method, const std::string& body) {
    return call(bearer(people_.at(who).token), method, body);
  }
  nlohmann::json must(const std::string& who, const std::string& method, const std::string& body) {
    auto answer = as(who, method, body);
    CAPTURE(who, method, body, answer.body);
    REQUIRE(answer.status == 200);
    return nlohmann::json::parse(answer.body);
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
      if (answer.contains("friends"))
        for (auto& one : answer["friends"]) {
          one.erase("online");
          one.erase("lastSeen");
        }
      all += method + " " + answer.dump() + "\n";
    }
    auto connection = LongConnection::sign_in(LongConnection::Door::kTcp, server_.tcp_port(),
                                              port(), sign_in_on(port(), "100", inbox_device_));
    all += std::to_string(connection.sync(0).size()) + " messages\n";
    return all;
  }

 private:
  static std::vector<std::string> settings() {
    std::vector<std::string> all{"--set", "rooms.open=false", "--set", "user.passwords=true"};
#ifdef LINNET_GRPC
    all.insert(all.end(), {"--set", "grpc.listen=127.0.0.1:0"});
#endif
    return all;
  }
  void make_group() {
    names_["gone_group"] = must("owner", "LogicExt/CreateGroup", R"({"type":1})")["groupId"];
    must("owner", "LogicExt/AddGroupMembers",
         R"({"groupId":"$gone_group","userIds":["$member","$moderator"]})");
    must("owner", "LogicExt/DeleteGroup", R"({"groupId":"$gone_group"})");
    names_["group"] = must("owner", "LogicExt/CreateGroup", R"({"type":1})")["groupId"];
    must("owner", "LogicExt/AddGroupMembers", R"({"groupId":"$group","userIds":["$removed",
         "$former","$member","$muted","$moderator","$other","$bystander"]})");
    for (const auto& [who, role] :
         std::vector<std::pair<std::string, std::string>>{{"former", "GR_ADMIN"},
                                                          {"former", "GR_MEMBER"},
                                                          {"moderator", "GR_ADMIN"},
                                                          {"other", "GR_ADMIN"}})
      must("owner", "LogicExt/SetGroupRole",
           R"({"groupId":"$group","userId":"$)" + who + R"(","role":")" + role + "\"}");
    must("owner", "LogicExt/DeleteGroupMember", R"({"groupId":"$group","userId":"$removed"})");
    must("owner", "LogicExt/MuteGroupMember",
         R"({"groupId":"$group","userId":"$muted","seconds":"6000"})");
  }
  void make_room() {
    names_["gone_room"] = "4710";
    names_["room"] = "4711";
    must("key", "RoomInt/MakeRoom", R"({"roomId":"$gone_room","ownerId":"$owner"})");
    must("owner", "RoomExt/DeleteRoom", R"({"roomId":"$gone_room"})");
    must("key", "RoomInt/MakeRoom", R"({"roomId":"$room","ownerId":"$owner"})");
    for (const auto& [who, role] :
         std::vector<std::pair<std::string, std::string>>{{"former", "RR_MODERATOR"},
                                                          {"former", "RR_NONE"},
                                                          {"moderator", "RR_MODERATOR"},
                                                          {"other", "RR_MODERATOR"}})
      must("key", "RoomInt/SetRoomRole",
           R"({"roomId":"$room","userId":"$)" + who + R"(","role":")" + role + "\"}");
    must("key", "RoomInt/BanRoomUser",
         R"({"roomId":"$room","userId":"$removed","seconds":"6000"})");
    must("key", "RoomInt/MuteRoomUser", R"({"roomId":"$room","userId":"$muted","seconds":"6000"})");
  }

  TempDir dir_;
  std::string data_;
  ServerProcess server_;
  std::map<std::string, TestUser> people_;
  std::map<std::string, std::string> names_;
  DeviceId inbox_device_;
};

// Credentials that prove nothing, as a call brings them and as who connects claims them.
struct BadCredentials {
  std::string kind;
  Headers headers;
  TestUser claims;
};

// Of every kind: the owner's, bent; and of those whose tokens have ended.
inline std::vector<BadCredentials> bad_credentials(RightsHouse& house) {
  const auto& owner = house.person("owner");
  const auto& stranger = house.person("stranger");
  std::vector<BadCredentials> all;
  auto add = [&](const std::string& kind, const Headers& headers) {
    BadCredentials bad{kind, headers, owner};
    bad.claims.token.clear();
    for (const auto& [name, value] : headers) {
      if (name == "user_id") bad.claims.id = UserId(std::stoll(value));
      if (name == "device_id") bad.claims.device = DeviceId(std::stoll(value));
      if (name == "token") bad.claims.token = value;
      if (value.starts_with("Bearer ")) bad.claims.token = value.substr(7);
    }
    all.push_back(std::move(bad));
  };
  auto ids = [](const TestUser& user, const std::string& token) {
    return Headers{{"user_id", std::to_string(user.id.value())},
                   {"device_id", std::to_string(user.device.value())},
                   {"token", token}};
  };
  // With the ids that it had: nothing but the token is wrong.
  auto add_ended = [&](const std::string& kind, const TestUser& user) {
    add(kind, ids(user, user.token));
  };
  auto forged = owner.token;
  forged.back() = forged.back() == 'A' ? 'B' : 'A';
  const auto owners_name = owner.token.substr(0, owner.token.rfind('.') + 1);
  add("none", {});
  add("empty", bearer(""));
  add("garbage", bearer("%00\"';--{}"));
  add("forged", bearer(forged));
  add("truncated", bearer(owner.token.substr(0, owner.token.size() - 1)));
  add("the name alone", bearer(owners_name));
  add("lengthened", bearer(owner.token + "A"));
  add("another's secret",
      bearer(owners_name + stranger.token.substr(stranger.token.rfind('.') + 1)));
  add("another's, with the owner's ids", ids(owner, stranger.token));
  add("the owner's, with another's ids", ids(stranger, owner.token));
  auto beside = owner;
  beside.device = stranger.device;
  add("the owner's, with another device's id", ids(beside, owner.token));
  add("no token, the owner's ids", ids(owner, ""));
  add("basic", {{"Authorization", "Basic " + owner.token}});
  add("lowest key", bearer("lk_" + std::string(43, 'A')));

  auto signed_out = sign_in(house.port(), "199");
  house.call(bearer(signed_out.token), "LogicExt/SignOut", "{}");
  add_ended("signed out", signed_out);
  auto replaced = sign_in(house.port(), "198");
  sign_in_on(house.port(), "198", replaced.device);
  add_ended("replaced by a newer one", replaced);
  auto revoked = sign_in(house.port(), "197");
  house.call(bearer(sign_in(house.port(), "197").token), "LogicExt/RevokeDevice",
             R"({"deviceId":")" + std::to_string(revoked.device.value()) + "\"}");
  add_ended("revoked from another device", revoked);
  auto erased = sign_in(house.port(), "196");
  house.call(bearer(erased.token), "UserExt/EraseUser",
             std::string(R"({"code":")") + kCode + "\"}");
  add_ended("an erased user's", erased);
  return all;
}

}  // namespace linnet::test
