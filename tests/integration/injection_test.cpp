// Hostile text in every string field of every call: it is stored and returned as it is or refused;
// no SQL, path, header, log line or terminal ever sees it as anything but text. And what is secret
// is in no log and, in the clear, on no disk.
#include "pb/linnet.pb.h"
#include "support/hook_server.hpp"
#include "support/hostile_text.hpp"
#include "support/log_lines.hpp"
#include "support/raw_client.hpp"
#include "support/secret_file.hpp"
#include "support/server_process.hpp"
#include "untouched.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/stubs/logging.h>
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

std::vector<const FieldDescriptor*> text_fields(const google::protobuf::Descriptor& type) {
  std::vector<const FieldDescriptor*> all;
  for (int f = 0; f < type.field_count(); ++f)
    if (type.field(f)->cpp_type() == FieldDescriptor::CPPTYPE_STRING) all.push_back(type.field(f));
  return all;
}

// A request with `text` in `field`; other texts and all numbers are 1.
std::string request(const FieldDescriptor& field, const std::string& text) {
  const auto& type = *field.containing_type();
  std::unique_ptr<Message> made(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
  const auto* reflection = made->GetReflection();
  for (int other = 0; other < type.field_count(); ++other) {
    const auto& one = *type.field(other);
    if (one.is_repeated()) continue;
    if (one.cpp_type() == FieldDescriptor::CPPTYPE_INT64) reflection->SetInt64(made.get(), &one, 1);
    if (one.cpp_type() == FieldDescriptor::CPPTYPE_ENUM)
      reflection->SetEnumValue(made.get(), &one, 1);
    if (one.cpp_type() == FieldDescriptor::CPPTYPE_STRING)
      reflection->SetString(made.get(), &one, "1");
  }
  if (field.is_repeated()) {
    reflection->AddString(made.get(), &field, text);
  } else {
    reflection->SetString(made.get(), &field, text);
  }
  return made->SerializeAsString();
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
                              "rooms.create=anyone", "--set", "store.synchronous=normal"});
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

  const auto schema = schema_of(data);

  const google::protobuf::LogSilencer silent;  // of what is no UTF-8
  std::size_t tried = 0;
  std::size_t fields = 0;
  for (const auto* method : methods()) {
    if (method->server_streaming()) continue;
    const auto path = "/pb." + method->service()->name() + "/" + method->name();
    auto& caller = path.find("Int/") == std::string::npos ? as_anna : as_server;
    for (const auto* field : text_fields(*method->input_type())) {
      for (const auto& one : hostile_texts_for(fields)) {
        auto answer = caller.post(path, request(*field, one.text));
        CAPTURE(path, field->name(), one.text, answer.status, answer.body);
        CHECK((answer.status == 200 || (answer.status >= 400 && answer.status < 500)));
        const bool is_text = field->type() == FieldDescriptor::TYPE_STRING;
        if (is_text && !one.utf8) CHECK(answer.status == 400);
        CHECK(answer.headers.count("set-cookie") == 0);
        ++tried;
      }
      ++fields;
    }
  }
  CHECK(tried > 1000);

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

  CHECK(forged_lines(server.log()) == std::vector<std::string>());
  CHECK(strange_files(server, data) == std::vector<std::string>());
  CHECK(schema_of(data) == schema);
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
