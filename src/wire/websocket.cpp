// The WebSocket frame codec: see the picture in websocket.hpp. Section numbers are RFC 6455's.
#include "linnet/wire/websocket.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstring>

namespace linnet::wire {
namespace {

constexpr std::size_t kMaxControlPayload = 125;
constexpr unsigned kFin = 0x80;
constexpr unsigned kRsv = 0x70;
constexpr unsigned kMasked = 0x80;

using Mask = std::array<unsigned char, 4>;

struct Header {
  bool final = false;
  bool masked = false;
  unsigned opcode = 0;
  std::uint64_t length = 0;
  std::size_t size = 0;  // of the header with its extended length and mask
};

unsigned byte_at(const char* bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

bool is_control(unsigned opcode) {
  return (opcode & 8U) != 0;
}

bool is_known(unsigned opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

// Section 7.4, and what IANA has registered since (1012 to 1014).
bool may_be_on_the_wire(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

// The same from either side: a mask is its own inverse.
void apply_mask(char* bytes, std::size_t size, const Mask& mask) {
  std::array<unsigned char, 8> twice{mask[0], mask[1], mask[2], mask[3],
                                     mask[0], mask[1], mask[2], mask[3]};
  std::uint64_t key = 0;
  std::memcpy(&key, twice.data(), sizeof key);
  std::size_t i = 0;
  for (; size - i >= sizeof key; i += sizeof key) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + i, sizeof word);
    word ^= key;
    std::memcpy(bytes + i, &word, sizeof word);
  }
  for (; i < size; ++i)
    bytes[i] = static_cast<char>(byte_at(bytes, i) ^ mask[i & 3U]);
}

WsEvent failure(CloseCode code, std::string_view why) {
  return {WsEvent::Kind::kError, why, code};
}

WsEvent protocol_error(std::string_view why) {
  return failure(CloseCode::kProtocolError, why);
}

// What can be said of the first two bytes alone; nullptr when nothing is wrong with them.
const char* check_start(unsigned first, unsigned second, WsRole role, bool in_message) {
  unsigned opcode = first & 15U;
  bool masked = (second & kMasked) != 0;
  if ((first & kRsv) != 0) return "a reserved bit is set";
  if (!is_known(opcode)) return "the opcode is reserved";
  if (masked && role == WsRole::kClient) return "a server's frame must not be masked";
  if (!masked && role == WsRole::kServer) return "a client's frame must be masked";
  if (is_control(opcode)) {
    if ((first & kFin) == 0) return "a control frame must not be fragmented";
    if ((second & 127U) > kMaxControlPayload) return "a control frame must not be over 125 bytes";
    return nullptr;
  }
  bool continues = opcode == static_cast<unsigned>(WsOpcode::kContinuation);
  if (continues && !in_message) return "there is no message to continue";
  if (!continues && in_message) return "the message before is not complete";
  return nullptr;
}

// Fills `length` and `size` from `have` bytes; false when they are too few for it.
bool read_length(const char* bytes, std::size_t have, Header& header) {
  unsigned short_length = byte_at(bytes, 1) & 127U;
  std::size_t extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  if (have < 2 + extended) return false;
  header.length = extended == 0 ? short_length : 0;
  for (std::size_t i = 0; i < extended; ++i)
    header.length = (header.length << 8U) | byte_at(bytes, 2 + i);
  header.size = 2 + extended + (header.masked ? sizeof(Mask) : 0);
  return true;
}

// Section 5.2: the length has its shortest form, and its top bit is zero.
const char* check_length(const char* bytes, const Header& header) {
  unsigned form = byte_at(bytes, 1) & 127U;
  if ((header.length >> 63U) != 0) return "the length's top bit is set";
  if (form == 126 && header.length < 126) return "the length is not in its shortest form";
  if (form == 127 && header.length <= 0xffff) return "the length is not in its shortest form";
  return nullptr;
}

WsEvent close_event(std::string_view payload) {
  if (payload.empty()) return {WsEvent::Kind::kClose, {}, CloseCode::kNone};
  if (payload.size() == 1) return protocol_error("a close code has two bytes");
  unsigned code = (byte_at(payload.data(), 0) << 8U) | byte_at(payload.data(), 1);
  if (!may_be_on_the_wire(code)) return protocol_error("the close code is not for the wire");
  std::string_view reason = payload.substr(2);
  if (!is_utf8(reason)) {
    return failure(CloseCode::kInvalidPayload, "the close reason is not UTF-8");
  }
  return {WsEvent::Kind::kClose, reason, static_cast<CloseCode>(code)};
}

WsEvent message_event(WsOpcode opcode, std::string_view payload) {
  if (opcode == WsOpcode::kBinary) return {WsEvent::Kind::kBinary, payload, CloseCode::kNone};
  if (!is_utf8(payload)) return failure(CloseCode::kInvalidPayload, "the text is not UTF-8");
  return {WsEvent::Kind::kText, payload, CloseCode::kNone};
}

void append_header(WsOpcode opcode, std::size_t length, unsigned mask_bit, std::string& out) {
  out += static_cast<char>(kFin | static_cast<unsigned>(opcode));
  std::size_t extended = 0;
  if (length < 126) {
    out += static_cast<char>(mask_bit | length);
  } else if (length <= 0xffff) {
    out += static_cast<char>(mask_bit | 126U);
    extended = 2;
  } else {
    out += static_cast<char>(mask_bit | 127U);
    extended = 8;
  }
  for (std::size_t i = extended; i > 0; --i)
    out += static_cast<char>((static_cast<std::uint64_t>(length) >> (8 * (i - 1))) & 0xffU);
}

}  // namespace

WsEvent WsDecoder::next(char*& begin, const char* end) {
  // A message gathered from fragments was lent until this call.
  if (!in_message_ && !message_.empty()) std::string().swap(message_);
  for (;;) {
    auto have = static_cast<std::size_t>(end - begin);
    if (have < 2) return {};
    const char* wrong = check_start(byte_at(begin, 0), byte_at(begin, 1), role_, in_message_);
    if (wrong != nullptr) return protocol_error(wrong);
    Header header;
    header.final = (byte_at(begin, 0) & kFin) != 0;
    header.opcode = byte_at(begin, 0) & 15U;
    header.masked = role_ == WsRole::kServer;
    if (!read_length(begin, have, header)) return {};
    wrong = check_length(begin, header);
    if (wrong != nullptr) return protocol_error(wrong);
    bool control = is_control(header.opcode);
    if (!control && header.length > max_message_ - message_.size()) {
      return failure(CloseCode::kTooBig, "the message is too large");
    }
    if (have < header.size || have - header.size < header.length) return {};

    char* body = begin + header.size;
    auto size = static_cast<std::size_t>(header.length);
    if (header.masked) {
      Mask mask{};
      std::memcpy(mask.data(), body - mask.size(), mask.size());
      apply_mask(body, size, mask);
    }
    begin = body + size;
    std::string_view payload(body, size);

    auto opcode = static_cast<WsOpcode>(header.opcode);
    if (opcode == WsOpcode::kClose) return close_event(payload);
    if (opcode == WsOpcode::kPing) return {WsEvent::Kind::kPing, payload, CloseCode::kNone};
    if (opcode == WsOpcode::kPong) return {WsEvent::Kind::kPong, payload, CloseCode::kNone};
    if (!in_message_ && header.final) return message_event(opcode, payload);
    if (!in_message_) message_opcode_ = opcode;
    message_ += payload;
    in_message_ = !header.final;
    if (!in_message_) return message_event(message_opcode_, message_);
  }
}

void append_ws_frame(WsOpcode opcode, std::string_view payload, std::string& out) {
  append_header(opcode, payload.size(), 0, out);
  out += payload;
}

void append_masked_ws_frame(WsOpcode opcode, std::string_view payload, std::uint32_t mask,
                            std::string& out) {
  append_header(opcode, payload.size(), kMasked, out);
  Mask key{static_cast<unsigned char>(mask >> 24U), static_cast<unsigned char>(mask >> 16U),
           static_cast<unsigned char>(mask >> 8U), static_cast<unsigned char>(mask)};
  out.append(reinterpret_cast<const char*>(key.data()), key.size());
  std::size_t start = out.size();
  out += payload;
  apply_mask(out.data() + start, payload.size(), key);
}

std::string ws_close_payload(CloseCode code, std::string_view reason) {
  if (code == CloseCode::kNone) return {};
  constexpr std::size_t kMaxText = kMaxControlPayload - 2;
  if (reason.size() > kMaxText) {
    std::size_t cut = kMaxText;
    while (cut > 0 && (byte_at(reason.data(), cut) & 0xc0U) == 0x80U)
      --cut;
    reason = reason.substr(0, cut);
  }
  if (!is_utf8(reason)) reason = {};
  auto number = static_cast<unsigned>(code);
  std::string payload{static_cast<char>(number >> 8U), static_cast<char>(number & 0xffU)};
  payload += reason;
  return payload;
}

std::string ws_accept(std::string_view key) {
  std::string salted(key);
  salted += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(salted.data(), salted.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
    return {};
  }
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> text{};
  int length = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
}

bool is_ws_key(std::string_view key) {
  constexpr std::size_t kDigits = 22;  // 16 bytes in base64, without the two of padding
  if (key.size() != kDigits + 2 || key.substr(kDigits) != "==") return false;
  for (char c : key.substr(0, kDigits)) {
    bool digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                 c == '+' || c == '/';
    if (!digit) return false;
  }
  return true;
}

}  // namespace linnet::wire
