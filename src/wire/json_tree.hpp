// JSON text, JSON trees and protobuf messages, without what is special to ours.
#pragma once

#include "linnet/base/error.hpp"
#include "linnet/wire/json.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace google::protobuf {
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace linnet::wire {

// Written trees keep protobuf's order of fields. Read trees do not: looking for a key in an ordered
// one takes as many steps as there are keys, and a hostile object has many.
using WrittenJson = nlohmann::ordered_json;
using ReadJson = nlohmann::json;

// Protobuf's own JSON mapping. A message that cannot be printed gives an empty object.
WrittenJson print_message(const google::protobuf::Message& message);
std::string print_tree(const WrittenJson& tree);

// Text from outside: UTF-8, one object, not nested deeper than 64, of kMaxJsonValues at most.
// Error: kBadRequest.
Result<ReadJson> read_tree(std::string_view text);
// Error: kBadRequest; `message` is then empty.
Status read_message(const ReadJson& tree, google::protobuf::Message& message,
                    UnknownFields unknown = UnknownFields::kIgnored);
// The value of a field in an object, under either of its two names; nullptr when it is absent or
// null. Error: kBadRequest, when both are there.
Result<ReadJson*> find_field(ReadJson& object, const google::protobuf::FieldDescriptor& field);

Error bad_json(std::string_view path, std::string_view why);

std::string to_base64(std::string_view bytes);

}  // namespace linnet::wire
