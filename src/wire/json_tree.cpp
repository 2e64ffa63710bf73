// JSON text, JSON trees and protobuf messages, without what is special to ours.
#include "json_tree.hpp"

#include "linnet/wire/websocket.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>
#include <openssl/evp.h>

#include <algorithm>

namespace linnet::wire {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxReason = 200;

template <class Json>
std::string dump(const Json& tree) {
  return tree.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// What stands outside of strings is counted before anything is built from it: a node takes far
// longer to make than its bytes to look at.
Status check_shape(std::string_view text) {
  int depth = 0;
  std::size_t values = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size() && values <= kMaxJsonValues; ++i) {
    char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return bad_json("", "the JSON is nested too deeply");
      ++values;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ',') {
      ++values;
    }
  }
  if (values <= kMaxJsonValues) return success();
  return bad_json("", "the JSON has more than " + std::to_string(kMaxJsonValues) + " values");
}

// What protobuf says may hold pieces of the input, cut anywhere.
std::string clean_reason(std::string reason) {
  if (reason.size() > kMaxReason) {
    std::size_t cut = kMaxReason;
    while (cut > 0 && (static_cast<unsigned char>(reason[cut]) & 0xc0U) == 0x80U)
      --cut;
    reason.resize(cut);
  }
  return is_utf8(reason) ? reason : "a value does not fit its field";
}

}  // namespace

WrittenJson print_message(const google::protobuf::Message& message) {
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text).ok()) {
    return WrittenJson::object();
  }
  WrittenJson tree = WrittenJson::parse(text, nullptr, false);
  return tree.is_object() ? tree : WrittenJson::object();
}

std::string print_tree(const WrittenJson& tree) {
  return dump(tree);
}

Result<ReadJson> read_tree(std::string_view text) {
  if (!is_utf8(text)) return bad_json("", "the JSON is not UTF-8");
  if (Status status = check_shape(text); !status) return status.take_error();
  ReadJson tree = ReadJson::parse(text, nullptr, false);
  if (tree.is_discarded()) return bad_json("", "this is not JSON");
  if (!tree.is_object()) return bad_json("", "the JSON must be an object");
  return tree;
}

Status read_message(const ReadJson& tree, google::protobuf::Message& message,
                    UnknownFields unknown) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = unknown == UnknownFields::kIgnored;
  auto status = google::protobuf::util::JsonStringToMessage(dump(tree), &message, options);
  if (status.ok()) return success();
  message.Clear();
  return bad_json("", clean_reason(std::string(status.message())));
}

Result<ReadJson*> find_field(ReadJson& object, const google::protobuf::FieldDescriptor& field) {
  auto camel = object.find(field.json_name());
  auto snake = field.name() == field.json_name() ? object.end() : object.find(field.name());
  if (camel != object.end() && snake != object.end()) {
    return bad_json(field.json_name(), "is given twice");
  }
  auto found = camel != object.end() ? camel : snake;
  if (found == object.end() || found->is_null()) return nullptr;
  return &*found;
}

Error bad_json(std::string_view path, std::string_view why) {
  std::string message(path);
  if (!path.empty()) message += ": ";
  message += why;
  return Error(ErrCode::kBadRequest, std::move(message));
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and a terminating zero
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                             reinterpret_cast<const unsigned char*>(bytes.data()),
                             static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace linnet::wire
