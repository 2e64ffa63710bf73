// The message of a call in the two encodings of a body, JSON and protobuf.
#pragma once

#include "linnet/base/error.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace google::protobuf {
class Message;
}

namespace linnet::gateway {

// Both kinds of JSON are read alike. Written, kJson has the content of messages as objects, for
// people and pages; generated clients expect protobuf's own mapping, where it is base64.
enum class Codec { kJson, kPlainJson, kProto };

// The type of a Content-Type header in lower case, without parameters; nothing when it names a
// charset other than UTF-8.
std::optional<std::string> media_type(std::string_view header);

// Error: kBadRequest with the reason. No bytes are the default message in protobuf, and an error in
// JSON.
Status decode(Codec codec, std::string_view bytes, google::protobuf::Message& message);
std::string encode(Codec codec, const google::protobuf::Message& message);

}  // namespace linnet::gateway
