// Hostile text in every string field of every call: it is stored and returned as it is or refused;
// no SQL, path, header, log line or terminal ever sees it as anything but text. And what is secret
// is in no log and, in the clear, on no disk.
#include "hostile_text.hpp"
#include "pb/linnet.pb.h"
#include "support/hook_server.hpp"
#include "support/raw_client.hpp"
#include "support/secret_file.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

using namespace linnet;
using namespace linnet::test;
using Json = nlohmann::json;

namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
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

// Requests of `type`, each with `text` in one of its fields of text or bytes; numbers are 1.
std::vector<std::string> requests(const google::protobuf::Descriptor& type,
                                  const std::string& text) {
  std::vector<std::string> all;
  const auto* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type);
  auto is_text = [](const FieldDescriptor& field) {
    return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  };
  for (int f = 0; f < type.field_count(); ++f) {
    const auto& field = *type.field(f);
    if (!is_text(field)) continue;
    std::unique_ptr<Message> made(prototype->New());
    const auto* reflection = made->GetReflection();
    for (int other = 0; other < type.field_count(); ++other) {
      const auto& one = *type.field(other);
      if (one.is_repeated()) continue;
      if (one.cpp_type() == FieldDescriptor::CPPTYPE_INT64)
        reflection->SetInt64(made.get(), &one, 1);
      if (one.cpp_type() == FieldDescriptor::CPPTYPE_ENUM)
        reflection->SetEnumValue(made.get(), &one, 1);
      if (is_text(one)) reflection->SetString(made.get(), &one, "1");
    }
    if (field.is_repeated()) {
      reflection->AddString(made.get(), &field, text);
    } else {
      reflection->SetString(made.get(), &field, text);
    }
    all.push_back(made->SerializeAsString());
  }
  return all;
}

// A line of the log has a time, a level, and printable ASCII.
bool is_log_line(const std::string& line) {
  if (line.starts_with("*** ")) return true;  // what development mode announces
  const bool plain =
      std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return plain && line.size() > 31 && line[4] == '-' && line[10] == 'T' && line[23] == 'Z' &&
         (line.substr(25, 5) == "INFO " || line.substr(25, 5) == "WARN " ||
          line.substr(25, 5) == "ERROR" || line.substr(25, 5) == "DEBUG");
}

std::string all_files(const std::filesystem::path& directory) {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    all += bytes.str();
  }
  return all;
}

}  // namespace

TEST_CASE("hostile text in every field of every call is text, and nothing else") {
  TempDir dir;
  const auto data = dir.path() / "data";
  ServerProcess server(data, {"--log-level", "debug", "--set", "user.passwords=true", "--set",
                              "rooms.create=anyone"});
  auto made = run_program(LINNET_BINARY, {"key", "create", "test", "--scope", "messages", "--scope",
                                          "users", "--scope", "groups", "--scope", "devices",
                                          "--scope", "rooms", "--data-dir", data.string()});
  REQUIRE(made.status == 0);
  TestUser key;
  key.token = made.out.substr(0, made.out.size() - 1);
  auto anna = sign_in(server.http_port(), "100");
  Caller as_anna(server.http_port());
  as_anna.use(anna);
  Caller as_server(server.http_port());
  as_server.use(key);
  auto ben = sign_in(server.http_port(), "200");
  make_friends(server.http_port(), anna, ben);

  std::size_t tried = 0;
  for (const auto* method : methods()) {
    if (method->server_streaming()) continue;
    const auto path = "/pb." + method->service()->name() + "/" + method->name();
    auto& caller = path.find("Int/") == std::string::npos ? as_anna : as_server;
    for (const auto& text : hostile()) {
      for (const auto& request : requests(*method->input_type(), text)) {
        auto answer = caller.post(path, request);
        CAPTURE(path, text, answer.status, answer.body);
        CHECK((answer.status == 200 || (answer.status >= 400 && answer.status < 500)));
        CHECK(answer.headers.count("set-cookie") == 0);
        ++tried;
      }
    }
  }
  CHECK(tried > 500);

  // What was taken comes back as it was.
  for (const auto& text : hostile()) {
    if (text.size() > 100) continue;
    pb::UpdateUserReq update;
    update.set_nickname(text);
    update.set_extra(text);
    as_anna.call<pb::UpdateUserResp>("/pb.UserExt/UpdateUser", update);
    pb::GetUserReq get;
    get.set_user_id(anna.id.value());
    auto user = as_anna.call<pb::GetUserResp>("/pb.UserExt/GetUser", get).user();
    CHECK(user.nickname() == text);
    CHECK(user.extra() == text);
    send_text(server.http_port(), anna, ben.id, text);
  }
  auto connection = LongConnection::sign_in(LongConnection::Door::kTcp, server.tcp_port(),
                                            server.http_port(), ben);
  std::set<std::string> heard;
  for (const auto& item : connection.sync(0))
    if (item.message_type() == pb::MT_TEXT) heard.insert(text_of(item));
  for (const auto& text : hostile())
    CHECK((text.size() > 100 || heard.count(text) == 1));

  // And in what surrounds a call.
  for (const auto& text : {"x%0d%0aSet-Cookie:%20a=b", "%1b%5b2J", "..%2f..%2fetc%2fpasswd", "%00",
                           "'%20OR%201=1--", "%c0%af", "%ff"}) {
    const std::string hostile_text = text;
    for (const auto& target :
         {"/" + hostile_text, "/ws?user_id=1&device_id=1&token=" + hostile_text,
          "/pb.LogicExt/" + hostile_text, "/../" + hostile_text}) {
      auto answer = http(server.http_port(), "GET", target,
                         {{"X-Request-Id", "r" + hostile_text}, {"token", hostile_text}});
      CAPTURE(target, answer.body);
      CHECK(answer.status >= 400);
      CHECK(answer.headers.count("set-cookie") == 0);
      CHECK(answer.body.find("root:") == std::string::npos);
    }
  }

  std::istringstream log(server.log());
  for (std::string line; std::getline(log, line);) {
    CAPTURE(line);
    CHECK(is_log_line(line));
  }
  CHECK_FALSE(std::filesystem::exists("/tmp/linnet-injected"));
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(data))
    files.insert(entry.path().filename().string().substr(0, 6));
  CHECK(std::all_of(files.begin(), files.end(),
                    [](const std::string& file) { return file == "linnet" || file == "lock"; }));
  CHECK(server.stop() == 0);
  ServerProcess again(data);
  sign_in(again.http_port(), "300");
}

TEST_CASE("bytes that are no UTF-8 are refused where text is meant") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  auto anna = sign_in(server.http_port(), "100");
  Caller caller(server.http_port());
  caller.use(anna);
  const std::vector<std::string> bad{"\xff",
                                     "\xc0\xaf",
                                     "\xe0\x80\xaf",
                                     "\xed\xa0\x80",
                                     "\xf4\x90\x80\x80",
                                     "x\x80",
                                     "\xf8\x88\x80\x80\x80"};
  for (const auto& bytes : bad) {
    // nickname is field 1 of UpdateUserReq.
    std::string request = "\x0a";
    request += static_cast<char>(bytes.size());
    request += bytes;
    CHECK(caller.post("/pb.UserExt/UpdateUser", request).status == 400);
    CHECK(
        caller
            .post("/pb.UserExt/UpdateUser", R"({"nickname":")" + bytes + "\"}", "application/json")
            .status == 400);
  }
}

TEST_CASE("no secret is in a log, nor in the clear in any file of the server") {
  TempDir dir;
  HookServer hook([](const HookRequest&) { return HookAnswer{200, "{}", {}}; });
  const auto secret = write_secret(dir);
  const auto data = dir.path() / "data";
  std::vector<std::string> secrets{"correct horse battery", "a wrong password",
                                   "what anna wrote to ben"};
  ServerProcess server(data,
                       {"--log-level", "debug", "--set", "user.passwords=true", "--set",
                        "codes.hook=" + hook.url("/"), "--set", "hook.secret_file=" + secret});
  const auto port = server.http_port();
  auto json = [port](const std::string& path, const Json& body, const std::string& token = {}) {
    Headers headers{{"Content-Type", "application/json"}};
    if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + token);
    return http(port, "POST", path, headers, body.dump());
  };
  const auto device = new_device(port);
  REQUIRE(json("/pb.UserExt/SendCode", {{"phoneNumber", "100"}}).status == 200);
  const std::string code = Json::parse(hook.requests().back().body).at("code");
  auto signed_in =
      json("/pb.UserExt/SignIn",
           {{"phoneNumber", "100"}, {"code", code}, {"deviceId", std::to_string(device.value())}});
  REQUIRE(signed_in.status == 200);
  const std::string token = Json::parse(signed_in.body).at("token");
  secrets.push_back(token);
  secrets.push_back(token.substr(token.rfind('.') + 1));
  REQUIRE(json("/pb.UserExt/SetPassword", {{"password", secrets[0]}}, token).status == 200);
  json("/pb.UserExt/SignInByPassword", {{"phoneNumber", "100"},
                                        {"password", secrets[1]},
                                        {"deviceId", std::to_string(device.value())}});
  auto made = run_program(
      LINNET_BINARY, {"key", "create", "test", "--scope", "users", "--data-dir", data.string()});
  secrets.push_back(made.out.substr(0, made.out.size() - 1));
  json("/pb.UserInt/Auth", {{"userId", "1"}, {"token", token}}, secrets.back());
  // Tokens where they do not belong, and wrong ones.
  http(port, "GET", "/ws?user_id=1&device_id=1&token=" + token);
  http(port, "GET", "/events?token=" + token + "x");
  json("/pb.LogicExt/GetFriends", Json::object(), token + "x");
  json("/pb.LogicExt/" + token, Json::object(), token);
  Socket garbage(server.tcp_port());
  garbage.send(std::string("\x00\x50", 2) + token);

  auto anna = TestUser{UserId(1), device, token};
  send_text(port, anna, anna.id, secrets[2]);
  // While the log of the database is there, which a clean end takes away; and in a copy.
  const auto backup = run_program(
      LINNET_BINARY, {"backup", (dir.path() / "backup").string(), "--data-dir", data.string()});
  REQUIRE(backup.status == 0);
  const auto files = all_files(data) + all_files(dir.path() / "backup");
  REQUIRE(files.find(secrets[2]) != std::string::npos);
  CHECK(server.stop() == 0);
  const auto log = server.log();
  for (const auto& one : secrets) {
    CAPTURE(one);
    CHECK(log.find(one) == std::string::npos);
    if (one != secrets[2]) CHECK(files.find(one) == std::string::npos);
  }
  CHECK(log.find("code=" + code) == std::string::npos);
  CHECK(files.find(code) == std::string::npos);
  CHECK(log.find("signed_in") != std::string::npos);
}
