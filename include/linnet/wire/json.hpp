// The JSON form of packets and calls: protobuf's own JSON mapping (lowerCamelCase, int64 as text,
// enumerations by name; numbers and snake_case are accepted too), except that `data` of a packet is
// the inner message as an object, and `messageContent` of the known message types is an object
// instead of base64 (as is a Command's `data` for the known push codes). Unknown fields are
// ignored unless it is asked otherwise; content that does not parse stays base64.
#pragma once

#include "linnet/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace google::protobuf {
class Message;
}
namespace pb {
class Input;
class Output;
}  // namespace pb

namespace linnet::wire {

// Any message; MessageItem, SendMessageReq and the like of rooms have their content as an object,
// at any depth.
std::string to_json(const google::protobuf::Message& message);
// Protobuf's own mapping without our additions, for who decodes by that alone.
std::string to_plain_json(const google::protobuf::Message& message);
// Who is newer than we are may send fields that we do not know; who types them has mistyped them.
enum class UnknownFields : std::uint8_t { kIgnored, kRefused };
// Of a text that is read: a comma and an opening bracket count as one each. The longest list of a
// request, 1000 users, is a tenth of it; a body of nothing but small values would keep its thread
// for tens of milliseconds.
inline constexpr std::size_t kMaxJsonValues = 10'000;
// Error: kBadRequest with the reason. Accepts content as an object or as base64. `message` is
// cleared first.
Status from_json(std::string_view json, google::protobuf::Message& message,
                 UnknownFields unknown = UnknownFields::kIgnored);

// The inner message's type is known from `type`: SignInInput, SyncInput, MessageACK up, SyncOutput
// and Message down, and those of the rooms.
std::string packet_to_json(const pb::Output& packet);
std::string packet_to_json(const pb::Input& packet);
Status packet_from_json(std::string_view json, pb::Input& packet);
Status packet_from_json(std::string_view json, pb::Output& packet);

}  // namespace linnet::wire
