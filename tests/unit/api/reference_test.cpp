// What is said of the calls: /openapi.json, the descriptor set.
#include "linnet/api/reference.hpp"

#include "pb/linnet.pb.h"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

using namespace linnet;
using namespace linnet::api;
using Json = nlohmann::json;

namespace {

// Every "$ref" at any depth.
void collect_references(const Json& json, std::set<std::string>& into) {
  if (json.is_object() && json.contains("$ref")) into.insert(json["$ref"].get<std::string>());
  if (json.is_structured()) {
    for (const auto& inner : json)
      collect_references(inner, into);
  }
}

}  // namespace

TEST_CASE("a call is known with its rules, and says what it does") {
  const auto* send = find_reference("SendMessage");
  REQUIRE(send != nullptr);
  CHECK(send->path == "/pb.LogicExt/SendMessage");
  CHECK(send->who == "a signed-in device");
  CHECK(send->rate == "write");
  CHECK_FALSE(send->no_side_effects);
  CHECK(send->about.starts_with("Sends a message to a user or a group."));
  CHECK(std::count(send->errors.begin(), send->errors.end(), ErrCode::kIsNotFriend) == 1);
  CHECK(find_reference("LogicInt.GetDevice")->who == "an API key for devices");
  CHECK(find_reference("GetUser")->no_side_effects);
  CHECK(find_reference("SignIn")->who == "anyone");
}

TEST_CASE("a call is found by its short and its long names") {
  const auto* send = find_reference("/pb.LogicInt/SendMessage");
  REQUIRE(send != nullptr);
  CHECK(send->api_key);
  for (const char* name : {"LogicInt.SendMessage", "LogicInt/SendMessage",
                           "pb.LogicInt.SendMessage", "pb.LogicInt/SendMessage"})
    CHECK(find_reference(name) == send);
  CHECK(find_reference("KickDevice")->path == "/pb.LogicInt/KickDevice");
  for (const char* name : {"", "/", "Nonsense", "sendmessage", "pb.LogicInt", "SendMessageReq"})
    CHECK(find_reference(name) == nullptr);
}

TEST_CASE("every call has a comment, a known rule, and no error twice") {
  CHECK(reference().size() > 40);
  for (const auto& method : reference()) {
    INFO(method.name);
    CHECK_FALSE(method.about.empty());
    CHECK_FALSE(method.who.empty());
    std::set<ErrCode> seen;
    for (auto code : method.errors) {
      CHECK(seen.insert(code).second);
      CHECK(name(code) != "EC_UNKNOWN");
    }
  }
}

TEST_CASE("the OpenAPI document has every call, and every schema it speaks of") {
  const auto document = Json::parse(openapi_document());
  CHECK(document["openapi"] == "3.1.0");
  for (const auto& method : reference()) {
    const bool stream = method.descriptor->server_streaming();
    CHECK(document["paths"].contains(method.path) != stream);
    if (stream) continue;
    INFO(method.path);
    const auto& post = document["paths"][method.path]["post"];
    CHECK(post["operationId"] == method.name);
    CHECK(post["security"].empty() != method.credentials);
  }
  std::set<std::string> references;
  collect_references(document, references);
  CHECK(references.size() > 50);
  for (const auto& reference : references) {
    INFO(reference);
    REQUIRE(reference.starts_with("#/"));
    CHECK(document.contains(Json::json_pointer(reference.substr(1))));
  }
}

TEST_CASE("schemas say how protobuf's JSON form looks") {
  const auto schemas = Json::parse(openapi_document())["components"]["schemas"];
  const auto& send = schemas["SendMessageReq"]["properties"];
  CHECK(send["receiverId"]["type"] == "string");
  CHECK(send["receiverId"]["format"] == "int64");
  CHECK(send["receiverType"]["$ref"] == "#/components/schemas/ReceiverType");
  CHECK(send["toUserIds"]["items"]["type"] == "string");
  CHECK(send["isPersist"]["type"] == "boolean");
  CHECK(send["messageContent"]["type"] == Json::array({"object", "string"}));
  CHECK(schemas["GetUsersResp"]["properties"]["users"]["additionalProperties"]["$ref"] ==
        "#/components/schemas/User");
  CHECK(schemas["ReceiverType"]["enum"][1] == "RT_USER");
  CHECK(schemas["GroupMember"]["properties"]["mutedUntil"]["description"] ==
        "ms; silent until then");
}

TEST_CASE("the descriptor set stands alone and holds every method that is there") {
  google::protobuf::FileDescriptorSet files;
  const auto bytes = descriptor_set();
  REQUIRE(files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  google::protobuf::DescriptorPool pool;
  for (const auto& file : files.file())
    REQUIRE(pool.BuildFile(file) != nullptr);
  for (const auto& method : reference())
    CHECK(pool.FindMethodByName(method.descriptor->full_name()) != nullptr);
}
