#include "http/envelope.hpp"

namespace linnet::gateway {

void append_envelope(std::uint8_t flags, std::string_view payload, std::string& out) {
  out += static_cast<char>(flags);
  for (unsigned shift = 32; shift > 0; shift -= 8)
    out += static_cast<char>((payload.size() >> (shift - 8)) & 0xffU);
  out += payload;
}

Result<Envelope> only_envelope(std::string_view body) {
  if (body.empty()) return Error(ErrCode::kUnimplemented, "a call has one request message");
  if (body.size() < kEnvelopeHead)
    return Error(ErrCode::kBadRequest, "the body is shorter than the head of a frame");
  Envelope envelope;
  envelope.flags = static_cast<std::uint8_t>(body[0]);
  std::size_t length = 0;
  for (std::size_t i = 1; i < kEnvelopeHead; ++i)
    length = (length << 8U) | static_cast<unsigned char>(body[i]);
  body.remove_prefix(kEnvelopeHead);
  if (length > body.size())
    return Error(ErrCode::kBadRequest, "the frame announces more bytes than there are");
  if (length < body.size())
    return Error(ErrCode::kUnimplemented, "a call has one request message, not several");
  if ((envelope.flags & ~kCompressed) != 0)
    return Error(ErrCode::kBadRequest, "a frame's flags are 0, or 1 for compressed");
  envelope.payload = body;
  return envelope;
}

Status read_envelope(Codec codec, std::string_view body, bool compressed, std::size_t limit,
                     google::protobuf::Message& message, std::size_t& unpacked) {
  auto envelope = only_envelope(body);
  if (!envelope) return envelope.take_error();
  const bool packed = (envelope->flags & kCompressed) != 0;
  if (packed && !compressed && envelope->payload.size() <= limit)
    return Error(ErrCode::kBadRequest, "a compressed frame needs the encoding gzip");
  return unpack({codec, packed, limit}, envelope->payload, message, unpacked);
}

}  // namespace linnet::gateway
