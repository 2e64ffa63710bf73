// The message of a call in the two encodings of a body, JSON and protobuf.
#pragma once

#include "linnet/base/error.hpp"

#include <cstddef>
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

// How the bytes of a message are to be read, and how many it may have, compressed or not.
struct Packed {
  Codec codec;
  bool compressed;  // by gzip; no bytes stay no bytes
  std::size_t limit;
};
// Errors: kTooLarge; those of gunzip() and of decode(). `unpacked` is how many bytes there were to
// be read, whether or not they were; of what cannot be unpacked, as many as there may be.
Status unpack(const Packed& packed, std::string_view bytes, google::protobuf::Message& message,
              std::size_t& unpacked);
// What is said of a request with more bytes than that.
Error too_large(std::size_t limit);

}  // namespace linnet::gateway
