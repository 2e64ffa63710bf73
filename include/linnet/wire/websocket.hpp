// WebSocket frames (RFC 6455 section 5), both directions, without I/O: bytes in, events out.
//
//    0                   1
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//   +-+-+-+-+-------+-+-------------+-------------------------------+
//   |F|R|R|R| opcode|M| Payload len |  extended length, 0/2/8 bytes |
//   |I|S|S|S|  (4)  |A|     (7)     |  masking key, 0/4 bytes       |
//   |N|1|2|3|       |S|             |  payload                      |
//   +-+-+-+-+-------+-+-------------+-------------------------------+
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace linnet::wire {

// RFC 6455 section 7.4.1, and from 3000 on our own (docs/protocol.md): 3000 to 3499 mean "connect
// again", 3500 to 3999 "do not".
enum class CloseCode : std::uint16_t {
  kNone = 0,  // a close frame without a code
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupported = 1003,
  kInvalidPayload = 1007,
  kTooBig = 1009,
  kInternal = 1011,
  kIdle = 3000,      // silent for too long
  kTryAgain = 3001,  // the server failed or is busy
  kUnauthorized = 3500,
  kBadPacket = 3501,
  kReplaced = 3502,  // the same device has connected again
};

enum class WsOpcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10
};

// Which side reads: a server's peer must mask its frames, a client's must not (section 5.1).
enum class WsRole { kServer, kClient };

struct WsEvent {
  enum class Kind { kNeedMore, kText, kBinary, kPing, kPong, kClose, kError };
  Kind kind = Kind::kNeedMore;
  std::string_view payload;  // of a message, ping or pong; the reason of a close or an error
  CloseCode code = CloseCode::kNone;  // of a close, or the one to close with after an error
};

// One per connection. Holds memory only while a fragmented message is open (or a message is not
// complete).
class WsDecoder {
 public:
  // Messages over `max_message` bytes (all fragments together) are an error, kTooBig.
  WsDecoder(WsRole role, std::size_t max_message) : role_(role), max_message_(max_message) {}

  // Takes the next event off the front of `bytes`, unmasking in place, and advances them.
  // kNeedMore: what is left is the beginning of a frame; call again with it and what follows. The
  // payload is valid until the next call or until the bytes change. After kError or kClose do not
  // call again. Text and close reasons are checked to be UTF-8.
  WsEvent next(char*& begin, const char* end);
  // How many bytes it has memory for.
  std::size_t held() const { return message_.capacity(); }

 private:
  WsRole role_;
  std::size_t max_message_;
  bool in_message_ = false;
  WsOpcode message_opcode_ = WsOpcode::kBinary;
  std::string message_;  // the fragments so far
};

// Appends one final frame. A client's frames are masked with `mask` (RFC 6455 section 5.3), a
// server's are not.
void append_ws_frame(WsOpcode opcode, std::string_view payload, std::string& out);
void append_masked_ws_frame(WsOpcode opcode, std::string_view payload, std::uint32_t mask,
                            std::string& out);
// Payload of a close frame; the reason is cut to 123 bytes at a character's border.
std::string ws_close_payload(CloseCode code, std::string_view reason);

// The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key (section 4.2.2).
std::string ws_accept(std::string_view key);
// Whether `key` is base64 of 16 bytes.
bool is_ws_key(std::string_view key);

bool is_utf8(std::string_view text);

}  // namespace linnet::wire
