// What every field that can be long takes, and a call in which it is taken.
#pragma once

#include "support/server_process.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace linnet::test {

enum class FieldKind {
  kText,      // bytes of UTF-8
  kBytes,     // any bytes
  kDigits,    // a phone number
  kNumbers,   // how many
  kPassword,  // bytes of what must be right besides: a test of its own
  kSecret,    // compared and kept nowhere: one that is too long is a wrong one
};

struct FieldSize {
  const char* field;
  std::size_t most = 0;
  std::size_t least = 0;
  FieldKind kind = FieldKind::kText;
  const char* refusal = "BAD_REQUEST";
};

struct SizedStep {
  std::string who;
  std::string method;
  std::string body;
};

// A call that is carried out with whatever `fields` take.
struct SizedCall {
  SizedStep call;
  std::vector<FieldSize> fields;
  SizedStep read = {};                 // its answer has the text
  std::vector<SizedStep> before = {};  // what makes the call possible, each time
  std::string taken = "SUCCESS";       // what it answers then
};

inline const FieldSize kPhoneSize{"phoneNumber", 20, 3, FieldKind::kDigits};
inline const FieldSize kCodeSize{"code", 0, 0, FieldKind::kSecret, "BAD_CODE"};
inline const FieldSize kContentSize{"messageContent", 60'000, 0, FieldKind::kBytes, "TOO_LARGE"};
inline const FieldSize kMentionsSize{"toUserIds", 500, 0, FieldKind::kNumbers, "TOO_LARGE"};
inline const std::vector<FieldSize> kGroupSizes{
    {"name", 256}, {"avatarUrl", 1024}, {"introduction", 4096}, {"extra", 4096}};
inline const std::vector<FieldSize> kProfileSizes{
    {"nickname", 128}, {"avatarUrl", 2048}, {"extra", 8192}};

inline void add_account_sizes(std::vector<SizedCall>& all) {
  const SizedStep me{"anna", "UserExt/GetUser", R"({"userId":"$anna"})"};
  const std::string code = R"("code":")" + std::string(kCode) + "\"";
  const std::string device = R"(,"deviceId":"$device"})";
  // First: to sign in makes a user, too.
  all.push_back({{"key", "LogicInt/CreateUser", "{}"}, {kPhoneSize}});
  all.push_back({{"", "UserExt/SendCode", "{}"}, {kPhoneSize}});
  all.push_back({{"", "UserExt/SignIn", "{" + code + device}, {kPhoneSize}});
  all.push_back({{"", "UserExt/SignIn", R"({"phoneNumber":"100")" + device}, {kCodeSize}});
  SizedCall password{{"", "UserExt/SignInByPassword", R"({"password":"wrong")" + device},
                     {kPhoneSize}};
  password.taken = "BAD_PASSWORD";
  all.push_back(password);
  const FieldSize secret{"password", 256, 0, FieldKind::kPassword, "BAD_PASSWORD"};
  all.push_back({{"", "UserExt/SignInByPassword", R"({"phoneNumber":"100")" + device}, {secret}});
  all.push_back({{"anna", "UserExt/SetPassword", "{" + code + "}"}, {{"password", 256, 8}}});
  SizedCall old{{"anna", "UserExt/SetPassword", "{}"},
                {{"oldPassword", 256, 0, FieldKind::kPassword, "BAD_PASSWORD"}}};
  old.before.push_back(
      {"anna", "UserExt/SetPassword", R"({"password":"a password",)" + code + "}"});
  all.push_back(old);
  all.push_back({{"anna", "UserExt/SetPassword", "{}"}, {kCodeSize}});
  all.push_back({{"anna", "UserExt/EraseUser", "{}"}, {secret, kCodeSize}});
  all.push_back({{"anna", "UserExt/SearchUser", "{}"}, {kPhoneSize}});
  all.push_back({{"anna", "UserExt/UpdateUser", "{}"}, kProfileSizes, me});
  all.push_back({{"key", "LogicInt/CreateUser", R"({"phoneNumber":"$next"})"}, kProfileSizes});
  all.push_back({{"key", "UserInt/Auth", R"({"userId":"$anna")" + device},
                 {{"token", 0, 0, FieldKind::kSecret, "UNAUTHORIZED"}}});
  for (const char* method : {"UserInt/GetUsers", "LogicInt/GetOnline"})
    all.push_back({{"key", method, "{}"}, {{"userIds", 1000, 0, FieldKind::kNumbers}}});
  all.push_back(
      {{"", "LogicExt/RegisterDevice",
        R"({"type":1,"brand":"b","model":"m","systemVersion":"1","sdkVersion":"1"})"},
       {{"brand", 128, 1}, {"model", 128, 1}, {"systemVersion", 128, 1}, {"sdkVersion", 128, 1}}});
}

inline void add_friend_sizes(std::vector<SizedCall>& all) {
  const SizedStep friends{"anna", "LogicExt/GetFriends", "{}"};
  const std::vector<SizedStep> strangers{
      {"anna", "LogicExt/DeleteFriend", R"({"userId":"$carl"})"},
      {"carl", "LogicExt/DeleteFriend", R"({"userId":"$anna"})"}};
  auto asked = strangers;
  asked.push_back({"carl", "LogicExt/AddFriend", R"({"friendId":"$anna"})"});
  all.push_back({{"anna", "LogicExt/AddFriend", R"({"friendId":"$carl"})"},
                 {{"remarks", 256}, {"description", 1024}},
                 {},
                 strangers});
  all.push_back({{"anna", "LogicExt/AgreeAddFriend", R"({"userId":"$carl"})"},
                 {{"remarks", 256}},
                 friends,
                 asked});
  all.push_back({{"anna", "LogicExt/SetFriend", R"({"userId":"$ben"})"},
                 {{"remarks", 256}, {"extra", 4096}},
                 friends});
}

inline void add_group_sizes(std::vector<SizedCall>& all) {
  const SizedStep groups{"anna", "LogicExt/GetUserGroups", "{}"};
  const std::string group = R"({"groupId":"$group")";
  all.push_back({{"anna", "LogicExt/CreateGroup", "{}"}, kGroupSizes, groups});
  all.push_back({{"anna", "LogicExt/UpdateGroup", group + "}"}, kGroupSizes, groups});
  all.push_back({{"key", "LogicInt/MakeGroup", R"({"ownerId":"$anna"})"}, kGroupSizes, groups});
  all.push_back({{"key", "LogicInt/MakeGroup", R"({"ownerId":"$anna"})"},
                 {{"memberIds", 1000, 0, FieldKind::kNumbers}}});
  all.push_back({{"anna", "LogicExt/AddGroupMembers", group + "}"},
                 {{"userIds", 1000, 1, FieldKind::kNumbers}}});
  all.push_back({{"anna", "LogicExt/UpdateGroupMember", group + R"(,"userId":"$anna"})"},
                 {{"remarks", 256}, {"extra", 4096}},
                 {"anna", "LogicExt/GetGroupMembers", group + "}"}});
  const std::string asks = R"({"groupId":"$others"})";
  all.push_back({{"anna", "LogicExt/JoinGroup", asks},
                 {{"text", 1024}},
                 {"ben", "LogicExt/GetJoinRequests", asks}});
}

inline void add_message_sizes(std::vector<SizedCall>& all) {
  const std::string type = R"("messageType":"MT_CUSTOM")";
  const std::string message =
      R"({"receiverType":"RT_USER","receiverId":"$anna","isPersist":true,)" + type + "}";
  for (const auto& [who, service] : {std::pair("anna", "LogicExt"), std::pair("key", "LogicInt")})
    all.push_back(
        {{who, std::string(service) + "/SendMessage", message}, {kContentSize, kMentionsSize}});
  all.push_back({{"key", "LogicInt/Broadcast", "{" + type + "}"}, {kContentSize}});
  const std::string room = R"({"roomId":"$room")";
  for (const auto& [who, service] : {std::pair("anna", "RoomExt"), std::pair("key", "RoomInt")}) {
    const std::string name = service;
    all.push_back({{who, name + "/PublishToRoom", room + "," + type + "}"},
                   {{"messageContent", 8192, 0, FieldKind::kBytes, "TOO_LARGE"}}});
    all.push_back({{who, name + "/SetRoom", room + "}"},
                   {{"name", 256}},
                   {who, name + "/GetRoom", room + "}"}});
  }
  all.push_back({{"anna", "RoomExt/CreateRoom", "{}"}, {{"name", 256}}});
  all.push_back({{"key", "RoomInt/MakeRoom", "{}"}, {{"name", 256}}});
}

inline std::vector<SizedCall> sized_calls() {
  std::vector<SizedCall> all;
  add_account_sizes(all);
  add_friend_sizes(all);
  add_group_sizes(all);
  add_message_sizes(all);
  return all;
}

}  // namespace linnet::test
