// Every field of text of every call that keeps one, in a call that would be carried out: each
// text is kept and given back as it is, or refused when its bytes are no UTF-8.
#include "pb/linnet.pb.h"
#include "support/hostile_text.hpp"
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <memory>

using namespace linnet;
using namespace linnet::test;
using Json = nlohmann::json;

namespace {

struct TextFields {
  TextFields()
      : server(dir.path() / "data", {"--set", "limits.enabled=false", "--set",
                                     "rooms.create=anyone", "--set", "store.synchronous=normal"}),
        anna(sign_in(server.http_port(), "100")),
        ben(sign_in(server.http_port(), "200")),
        carl(sign_in(server.http_port(), "300")) {
    const auto made = run_program(
        LINNET_BINARY, {"key", "create", "test", "--scope", "users", "--scope", "groups", "--scope",
                        "devices", "--data-dir", (dir.path() / "data").string()});
    REQUIRE(made.status == 0);
    key = made.out.substr(0, made.out.size() - 1);
    make_friends(server.http_port(), anna, ben);
    group = number(get(anna.token, "/pb.LogicExt/CreateGroup", {{"name", "annas"}}, "groupId"));
    others = number(get(ben.token, "/pb.LogicExt/CreateGroup", {{"name", "bens"}}, "groupId"));
    REQUIRE(post(ben.token, "/pb.LogicExt/SetGroupSettings",
                 {{"groupId", others}, {"joinMode", "JM_APPROVAL"}})
                .status == 200);
    room = number(get(anna.token, "/pb.RoomExt/CreateRoom", {{"name", "a room"}}, "roomId"));
  }

  HttpAnswer post_raw(const std::string& token, const std::string& path,
                      const std::string& body) const {
    return http(server.http_port(), "POST", path,
                {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}}, body);
  }
  HttpAnswer post(const std::string& token, const std::string& path, const Json& body) const {
    return post_raw(token, path, body.dump());
  }
  Json get(const std::string& token, const std::string& path, const Json& body,
           const char* member = nullptr) const {
    const auto answer = post(token, path, body);
    CAPTURE(path, answer.body);
    REQUIRE(answer.status == 200);
    auto read = Json::parse(answer.body);
    return member == nullptr ? read : read.at(member);
  }
  static std::int64_t number(const Json& text) { return std::stoll(text.get<std::string>()); }

  TempDir dir;
  ServerProcess server;
  TestUser anna;
  TestUser ben;
  TestUser carl;
  std::string key;
  std::int64_t group = 0;
  std::int64_t others = 0;
  std::int64_t room = 0;
};

bool contains(const Json& where, const std::string& text) {
  if (where.is_string()) return where.get<std::string>() == text;
  return where.is_structured() && std::any_of(where.begin(), where.end(),
                                              [&](const Json& one) { return contains(one, text); });
}

// `request` with a text in `field`, its bytes as they are when they are no UTF-8.
std::string with(Json request, const std::string& field, const HostileText& one) {
  static const std::string kPlace = "the text";
  request[field] = one.utf8 ? one.text : kPlace;
  auto body = request.dump();
  if (!one.utf8) body.replace(body.find(kPlace), kPlace.size(), one.text);
  return body;
}

struct Row {
  std::string token;
  std::string path;
  std::vector<std::string> fields;  // as JSON names them
  std::function<Json()> request;    // carried out with any text in the fields
  std::function<Json(const Json& answer)> read;
};

std::vector<Row> rows(const TextFields& f) {
  const auto id = [](auto number) { return number.value(); };
  const auto own_groups = [&f](const Json&) {
    return f.get(f.anna.token, "/pb.LogicExt/GetUserGroups", Json::object());
  };
  const auto user = [&f](std::int64_t which) {
    return f.get(f.key, "/pb.UserInt/GetUser", {{"userId", which}});
  };
  const auto friends = [&f](const Json&) {
    return f.get(f.anna.token, "/pb.LogicExt/GetFriends", Json::object());
  };
  const auto no_friends = [&f, id] {
    for (const auto& [a, b] : {std::pair(f.anna, f.carl), std::pair(f.carl, f.anna)})
      f.get(a.token, "/pb.LogicExt/DeleteFriend", {{"userId", id(b.id)}});
  };
  std::vector<Row> all;
  all.push_back(
      {f.anna.token,
       "/pb.LogicExt/RegisterDevice",
       {"brand", "model", "systemVersion", "sdkVersion"},
       [] {
         return Json{{"type", 1},
                     {"brand", "b"},
                     {"model", "m"},
                     {"systemVersion", "1"},
                     {"sdkVersion", "1"}};
       },
       [&f](const Json& answer) {
         return f.get(f.key, "/pb.LogicInt/GetDevice", {{"deviceId", answer.at("deviceId")}});
       }});
  all.push_back({f.anna.token,
                 "/pb.UserExt/UpdateUser",
                 {"nickname", "avatarUrl", "extra"},
                 [] {
                   return Json{{"nickname", "Anna"}};
                 },
                 [user, id, &f](const Json&) { return user(id(f.anna.id)); }});
  all.push_back({f.anna.token,
                 "/pb.LogicExt/SetFriend",
                 {"remarks", "extra"},
                 [id, &f] {
                   return Json{{"userId", id(f.ben.id)}};
                 },
                 friends});
  all.push_back({f.anna.token,
                 "/pb.LogicExt/AddFriend",
                 {"remarks", "description"},
                 [no_friends, id, &f] {
                   no_friends();
                   return Json{{"friendId", id(f.carl.id)}};
                 },
                 {}});
  all.push_back({f.anna.token,
                 "/pb.LogicExt/AgreeAddFriend",
                 {"remarks"},
                 [no_friends, id, &f] {
                   no_friends();
                   f.get(f.carl.token, "/pb.LogicExt/AddFriend", {{"friendId", id(f.anna.id)}});
                   return Json{{"userId", id(f.carl.id)}};
                 },
                 friends});
  all.push_back({f.anna.token,
                 "/pb.LogicExt/CreateGroup",
                 {"name", "avatarUrl", "introduction", "extra"},
                 [] {
                   return Json{{"name", "g"}};
                 },
                 own_groups});
  all.push_back({f.anna.token,
                 "/pb.LogicExt/UpdateGroup",
                 {"name", "avatarUrl", "introduction", "extra"},
                 [&f] {
                   return Json{{"groupId", f.group}, {"name", "g"}};
                 },
                 own_groups});
  all.push_back(
      {f.anna.token,
       "/pb.LogicExt/UpdateGroupMember",
       {"remarks", "extra"},
       [id, &f] {
         return Json{{"groupId", f.group}, {"userId", id(f.anna.id)}};
       },
       [&f](const Json&) {
         return f.get(f.anna.token, "/pb.LogicExt/GetGroupMembers", {{"groupId", f.group}});
       }});
  all.push_back(
      {f.anna.token,
       "/pb.LogicExt/JoinGroup",
       {"text"},
       [&f] {
         return Json{{"groupId", f.others}};
       },
       [&f](const Json&) {
         return f.get(f.ben.token, "/pb.LogicExt/GetJoinRequests", {{"groupId", f.others}});
       }});
  all.push_back(
      {f.anna.token,
       "/pb.RoomExt/CreateRoom",
       {"name"},
       [] { return Json::object(); },
       [&f](const Json& answer) {
         return f.get(f.anna.token, "/pb.RoomExt/GetRoom", {{"roomId", answer.at("roomId")}});
       }});
  all.push_back({f.anna.token,
                 "/pb.RoomExt/SetRoom",
                 {"name"},
                 [&f] {
                   return Json{{"roomId", f.room}};
                 },
                 [&f](const Json&) {
                   return f.get(f.anna.token, "/pb.RoomExt/GetRoom", {{"roomId", f.room}});
                 }});
  all.push_back(
      {f.key,
       "/pb.LogicInt/CreateUser",
       {"nickname", "avatarUrl", "extra"},
       [next = std::make_shared<int>(1000)] {
         return Json{{"phoneNumber", std::to_string(++*next)}};
       },
       [user](const Json& answer) { return user(TextFields::number(answer.at("userId"))); }});
  all.push_back({f.key,
                 "/pb.LogicInt/MakeGroup",
                 {"name", "avatarUrl", "introduction", "extra"},
                 [id, &f] {
                   return Json{{"ownerId", id(f.anna.id)}, {"name", "g"}};
                 },
                 own_groups});
  return all;
}

}  // namespace

TEST_CASE(
    "each text that a call keeps is given back as it came, whatever it would mean elsewhere") {
  TextFields f;
  std::size_t fields = 0;
  for (const auto& row : rows(f)) {
    for (const auto& field : row.fields) {
      for (const auto& one : hostile_texts_for(fields++)) {
        const auto answer = f.post_raw(row.token, row.path, with(row.request(), field, one));
        CAPTURE(row.path, field, one.text, answer.status, answer.body);
        CHECK(answer.status == (one.utf8 ? 200 : 400));
        if (answer.status == 200 && row.read)
          CHECK(contains(row.read(Json::parse(answer.body)), one.text));
      }
    }
  }
  CHECK(fields == 32);
  CHECK(f.server.stop() == 0);
}
