// Bytes fields that hold a message of their own, and are an object in JSON:
//
//   MessageItem, SendMessageReq   message_content, by message_type
//   Command                       data, by code (a PushCode)
#pragma once

#include "json_tree.hpp"

namespace google::protobuf {
class Descriptor;
}

namespace linnet::wire {

// Contents at any depth of `tree`, which was printed from a `type`: from base64 to objects, also
// when they are empty, so that a reader may rely on the object. What does not parse, or of which
// nothing is known, stays base64.
void open_contents(const google::protobuf::Descriptor& type, WrittenJson& tree);

// The other way, before a `type` is read from `tree`. Error: kBadRequest, for an object that does
// not fit its type or whose type is not known.
Status close_contents(const google::protobuf::Descriptor& type, ReadJson& tree);

// `bytes` as the tree of a message like `prototype`, its contents open; null when they do not
// parse.
WrittenJson open_bytes(std::string_view bytes, const google::protobuf::Message& prototype);

// An object as the bytes of a message like `prototype`. Error: kBadRequest.
Result<std::string> close_bytes(ReadJson& tree, const google::protobuf::Message& prototype);

}  // namespace linnet::wire
