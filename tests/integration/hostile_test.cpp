// Hundreds of hostile texts through each of the main fields: names, messages, searches and what an
// HTTP request is made of. Each comes back byte for byte or is refused, and nothing around it is
// changed.
#include "pb/room.ext.pb.h"
#include "support/hostile_text.hpp"
#include "support/log_lines.hpp"
#include "support/raw_client.hpp"
#include "untouched.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/stubs/logging.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <set>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

constexpr std::size_t kAtLeast = 500;

// Requests on one connection, which is made anew when the server has ended it.
class Asking {
 public:
  explicit Asking(std::uint16_t port) : port_(port) {}

  HttpAnswer ask(const std::string& method, const std::string& target, const Headers& headers,
                 const std::string& body = {}) {
    if (!connection_) connection_.emplace(port_);
    auto answer = connection_->ask(method, target, headers, body);
    const auto connection = answer.headers.find("connection");
    if (connection != answer.headers.end() && connection->second == "close") connection_.reset();
    return answer;
  }
  HttpAnswer post(const TestUser& user, const std::string& path,
                  const google::protobuf::Message& request) {
    return ask("POST", "/pb." + path,
               {{"Content-Type", "application/proto"}, {"Authorization", "Bearer " + user.token}},
               request.SerializeAsString());
  }
  template <class Response>
  Response must(const TestUser& user, const std::string& path,
                const google::protobuf::Message& request) {
    const auto answer = post(user, path, request);
    CAPTURE(path, answer.body);
    REQUIRE(answer.status == 200);
    Response response;
    REQUIRE(response.ParseFromString(answer.body));
    return response;
  }

 private:
  std::uint16_t port_;
  std::optional<HttpConnection> connection_;
};

// Without what ends a word of a request's first line, or a header.
bool fits_a_target(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c > ' ' && c != 0x7f; });
}
bool fits_a_header(const std::string& text) {
  return text.find_first_of(std::string("\r\n\0", 3)) == std::string::npos;
}

struct HostileHouse {
  HostileHouse()
      : server(data, {"--log-level", "debug", "--set", "limits.enabled=false", "--set",
                      "rooms.create=anyone", "--set", "store.synchronous=normal"}),
        asking(server.http_port()),
        anna(sign_in(server.http_port(), "100")),
        ben(sign_in(server.http_port(), "200")) {
    make_friends(server.http_port(), anna, ben);
    pb::CreateGroupReq make_group;
    make_group.set_name("a group");
    group = asking.must<pb::CreateGroupResp>(anna, "LogicExt/CreateGroup", make_group).group_id();
    room =
        asking.must<pb::CreateRoomResp>(anna, "RoomExt/CreateRoom", pb::CreateRoomReq()).room_id();
  }

  TempDir dir;
  std::filesystem::path data = dir.path() / "data";
  ServerProcess server;
  Asking asking;
  TestUser anna;
  TestUser ben;
  std::int64_t group = 0;
  std::int64_t room = 0;
};

// Whether `request`, with a text in it, was carried out, as it has to be when that is UTF-8.
bool taken(HostileHouse& f, const HostileText& one, const std::string& path,
           const google::protobuf::Message& request) {
  const auto answer = f.asking.post(f.anna, path, request);
  CAPTURE(path, answer.body);
  CHECK(answer.status == (one.utf8 ? 200 : 400));
  return answer.status == 200;
}

void try_names(HostileHouse& f, const HostileText& one) {
  pb::UpdateUserReq profile;
  profile.set_nickname(one.text);
  profile.set_extra(one.text);
  if (taken(f, one, "UserExt/UpdateUser", profile)) {
    pb::GetUserReq get;
    get.set_user_id(f.anna.id.value());
    const auto user = f.asking.must<pb::GetUserResp>(f.ben, "UserExt/GetUser", get).user();
    CHECK(user.nickname() == one.text);
    CHECK(user.extra() == one.text);
  }
  pb::UpdateGroupReq group;
  group.set_group_id(f.group);
  group.set_name(one.text);
  group.set_introduction(one.text);
  if (taken(f, one, "LogicExt/UpdateGroup", group)) {
    pb::GetGroupReq get;
    get.set_group_id(f.group);
    const auto made = f.asking.must<pb::GetGroupResp>(f.anna, "LogicExt/GetGroup", get).group();
    CHECK(made.name() == one.text);
    CHECK(made.introduction() == one.text);
  }
  pb::SetRoomReq room;
  room.set_room_id(f.room);
  room.set_name(one.text);
  if (taken(f, one, "RoomExt/SetRoom", room)) {
    pb::GetRoomReq get;
    get.set_room_id(f.room);
    CHECK(f.asking.must<pb::GetRoomResp>(f.ben, "RoomExt/GetRoom", get).room().name() == one.text);
  }
}

// None is a phone number, so that nobody is found; codes and passwords are asked for by numbers.
void try_searches(HostileHouse& f, const HostileText& one) {
  pb::SearchUserReq search;
  search.set_phone_number(one.text);
  CHECK(f.asking.post(f.anna, "UserExt/SearchUser", search).status == 400);
  pb::SignInReq sign_in;
  sign_in.set_phone_number("100");
  sign_in.set_code(one.text);
  sign_in.set_device_id(f.anna.device.value());
  CHECK(f.asking.post(f.anna, "UserExt/SignIn", sign_in).status >= 400);
}

void try_door(HostileHouse& f, const HostileText& one) {
  const auto encoded = percent_encoded(one.text);
  Headers headers{{"token", "x"}};
  if (fits_a_header(one.text)) headers = {{"token", one.text}, {"X-Request-Id", one.text}};
  std::vector<std::string> targets{"/" + encoded, "/pb.LogicExt/" + encoded,
                                   "/events?user_id=1&device_id=1&token=" + encoded};
  if (fits_a_target(one.text)) targets.push_back("/x/" + one.text);
  for (const auto& target : targets) {
    const auto answer = f.asking.ask("GET", target, headers);
    CAPTURE(target, answer.status, answer.body);
    CHECK((answer.status >= 400 && answer.status < 500));
    CHECK(answer.headers.count("set-cookie") + answer.headers.count("location") == 0);
    CHECK(answer.headers.count("access-control-allow-origin") == 0);
    CHECK(answer.body.find("root:") == std::string::npos);
    CHECK(answer.body.find("SQLite format") == std::string::npos);
    CHECK(answer.body.find("LD_LIBRARY_PATH=") == std::string::npos);
  }
}

std::vector<std::string> heard(HostileHouse& f, Door door) {
  auto connection = LongConnection::sign_in(door, f.server.tcp_port(), f.server.http_port(), f.ben);
  std::vector<std::string> contents;
  for (const auto& item : connection.sync(0))
    if (item.message_type() == pb::MT_TEXT) contents.push_back(item.message_content());
  return contents;
}

}  // namespace

TEST_CASE("the hostile texts are hundreds, each once, and a few fields are enough to use all") {
  std::set<std::string> texts;
  std::set<std::string> families;
  for (const auto& one : hostile_texts()) {
    texts.insert(one.text);
    families.insert(one.family);
    CHECK(one.text.size() <= 128);
  }
  CHECK(texts.size() == hostile_texts().size());
  CHECK(texts.size() >= kAtLeast);
  std::set<std::string> used;
  for (std::size_t field = 0; field < 40; ++field) {
    std::set<std::string> here;
    for (const auto& one : hostile_texts_for(field)) {
      used.insert(one.text);
      here.insert(one.family);
    }
    CHECK(here == families);
  }
  CHECK(used == texts);
}

TEST_CASE("every hostile text comes back from every main field as it was, and changes nothing") {
  const google::protobuf::LogSilencer silent;  // of what is no UTF-8
  HostileHouse f;
  const auto schema = schema_of(f.data);
  REQUIRE(schema.find("chat_group") != std::string::npos);
  std::vector<std::string> sent;
  for (const auto& one : hostile_texts()) {
    CAPTURE(one.family, one.text);
    try_names(f, one);
    try_searches(f, one);
    try_door(f, one);
    const auto message = text_to(f.ben.id, one.text);
    f.asking.must<pb::SendMessageResp>(f.anna, "LogicExt/SendMessage", message);
    sent.push_back(message.message_content());
  }
  // A message's content is bytes, on the way and on the disk.
  for (auto door : {Door::kTcp, Door::kWebSocket, Door::kWebSocketJson})
    CHECK(heard(f, door) == sent);

  CHECK(schema_of(f.data) == schema);
  CHECK(strange_files(f.server, f.data) == std::vector<std::string>());
  CHECK(f.server.stop() == 0);
  CHECK(forged_lines(f.server.log()) == std::vector<std::string>());
  const auto checked = run_program(LINNET_BINARY, {"check", "--data-dir", f.data.string()});
  CHECK(checked.out.find("sound") != std::string::npos);
  CHECK(schema_of(f.data) == schema);
}
