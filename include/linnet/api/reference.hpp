// What can be called, for programs and for a shell: every method with its rules as the .proto files
// declare them, comments included, and the documents made of that. (docs/api.md is the same for
// people.)
#pragma once

#include "linnet/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class DescriptorPool;
class MethodDescriptor;
}  // namespace google::protobuf

namespace linnet::api {

struct MethodReference {
  std::string path;  // "/pb.LogicExt/SendMessage"
  std::string name;  // "LogicExt.SendMessage"
  std::string about;
  std::string who;  // may call it: "anyone", "a signed-in device", "an API key for users"
  bool credentials = false;
  bool api_key = false;
  std::string rate;  // "write"
  bool no_side_effects = false;
  std::vector<ErrCode> errors;                                     // beside those of every method
  const google::protobuf::MethodDescriptor* descriptor = nullptr;  // lives as long as the program
};

// Those that declare who may call them, in the order of the files. Thread: any.
const std::vector<MethodReference>& reference();

// "SendMessage", "LogicExt.SendMessage", "pb.LogicExt.SendMessage", "/pb.LogicExt/SendMessage". Of
// several with a short name, the one that an app may call. Null when there is none. Thread: any.
const MethodReference* find_reference(std::string_view name);

// A google.protobuf.FileDescriptorSet with imports and comments; lives as long as the program.
std::string_view descriptor_set();
// The calls as OpenAPI 3.1, in the JSON form of Connect.
const std::string& openapi_document();

}  // namespace linnet::api
