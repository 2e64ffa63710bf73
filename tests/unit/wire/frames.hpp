// Frames built byte by byte for tests, with every bit free to be wrong; and the events of a
// decoder, as text.
#pragma once

#include "linnet/wire/websocket.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::test {

struct Frame {
  unsigned opcode = 1;
  std::string payload = {};
  bool final = true;
  unsigned rsv = 0;
  bool masked = true;
};

inline std::string bytes_of(const Frame& frame) {
  auto byte = [](std::uint64_t b) { return static_cast<char>(b & 0xffU); };
  std::uint64_t size = frame.payload.size();
  unsigned mask_bit = frame.masked ? 0x80U : 0U;
  std::string out{byte((frame.final ? 0x80U : 0U) | frame.rsv << 4U | frame.opcode)};
  if (size < 126) {
    out += byte(mask_bit | size);
  } else if (size < 65536) {
    out += {byte(mask_bit | 126U), byte(size >> 8U), byte(size)};
  } else {
    out += byte(mask_bit | 127U);
    for (unsigned i = 0; i < 8; ++i)
      out += byte(size >> (56U - 8U * i));
  }
  if (!frame.masked) return out + frame.payload;
  constexpr std::string_view kMask = "\x37\xfa\x21\x3d";
  out += kMask;
  for (std::size_t i = 0; i < frame.payload.size(); ++i)
    out += static_cast<char>(frame.payload[i] ^ kMask[i % 4]);
  return out;
}

inline std::string bytes_of(const std::vector<Frame>& frames) {
  std::string out;
  for (const auto& frame : frames)
    out += bytes_of(frame);
  return out;
}

using Events = std::vector<std::string>;

inline std::string describe(const wire::WsEvent& event) {
  std::string code = std::to_string(static_cast<unsigned>(event.code));
  std::string payload(event.payload);
  switch (event.kind) {
    case wire::WsEvent::Kind::kNeedMore: return "need more";
    case wire::WsEvent::Kind::kText: return "text " + payload;
    case wire::WsEvent::Kind::kBinary: return "binary " + payload;
    case wire::WsEvent::Kind::kPing: return "ping " + payload;
    case wire::WsEvent::Kind::kPong: return "pong " + payload;
    case wire::WsEvent::Kind::kClose: return "close " + code + " " + payload;
    case wire::WsEvent::Kind::kError: return "error " + code;
  }
  return "?";
}

// What a decoder says when the bytes come in chunks of `chunk`; it ends with a close or an error.
inline Events decode(std::string_view bytes, std::size_t chunk, wire::WsRole role,
                     std::size_t max_message) {
  wire::WsDecoder decoder(role, max_message);
  Events events;
  std::string buffer;
  while (!bytes.empty()) {
    buffer += bytes.substr(0, chunk);
    bytes.remove_prefix(std::min(chunk, bytes.size()));
    char* begin = buffer.data();
    char* end = begin + buffer.size();
    for (;;) {
      wire::WsEvent event = decoder.next(begin, end);
      if (event.kind == wire::WsEvent::Kind::kNeedMore) break;
      events.push_back(describe(event));
      if (event.kind == wire::WsEvent::Kind::kClose) return events;
      if (event.kind == wire::WsEvent::Kind::kError) return events;
    }
    buffer.erase(0, static_cast<std::size_t>(begin - buffer.data()));
  }
  return events;
}

inline std::string close_payload(unsigned code, std::string_view reason = {}) {
  std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)};
  return payload.append(reason);
}

}  // namespace linnet::test
