// The frames of gRPC-Web and of Connect's streams:
//
//   +----------+--------------------+----------------+
//   | flags, 1 | length, 4 (big-e.) | length bytes   |
//   +----------+--------------------+----------------+
#pragma once

#include "http/codec.hpp"

#include "linnet/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace linnet::gateway {

inline constexpr std::size_t kEnvelopeHead = 5;
inline constexpr std::uint8_t kCompressed = 0x01;
inline constexpr std::uint8_t kConnectEnd = 0x02;    // the last of a Connect stream, in JSON
inline constexpr std::uint8_t kGrpcTrailers = 0x80;  // the last of a gRPC-Web response

struct Envelope {
  std::uint8_t flags = 0;
  std::string_view payload;
};

void append_envelope(std::uint8_t flags, std::string_view payload, std::string& out);

// Of a body that is exactly one frame; the payload is a view into it. Errors: kBadRequest (cut off,
// or flags that nobody defined), kUnimplemented (none, or more than one: the request is no stream).
Result<Envelope> only_envelope(std::string_view body);

// Decodes the message of such a body; `compressed`: its encoding is gzip, where the frame says so.
// Errors: also kTooLarge (over `limit` bytes, compressed or not). `unpacked`: see unpack().
Status read_envelope(Codec codec, std::string_view body, bool compressed, std::size_t limit,
                     google::protobuf::Message& message, std::size_t& unpacked);

}  // namespace linnet::gateway
