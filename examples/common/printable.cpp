// Which characters a terminal would obey, and their replacement.
#include "common/printable.hpp"

#include "linnet/wire/websocket.hpp"

#include <cstdint>

namespace linnet::example {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Bytes of the character that begins with `lead`, in text that is UTF-8.
std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

std::uint32_t decode(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return lead;
  std::uint32_t code = lead & (0x7fU >> character.size());
  for (char c : character.substr(1))
    code = code << 6U | (static_cast<unsigned char>(c) & 0x3fU);
  return code;
}

bool is_harmless(std::uint32_t code) {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false;        // C0, DEL, C1
  if (code == 0x200e || code == 0x200f || code == 0x061c) return false;  // direction marks
  if (code >= 0x2028 && code <= 0x202e) return false;  // line separators, direction overrides
  return code < 0x2066 || code > 0x2069;               // direction isolates
}

}  // namespace

std::string printable(std::string_view text) {
  const bool utf8 = wire::is_utf8(text);
  std::string out;
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text.front());
    const auto character = text.substr(0, utf8 ? length_of(lead) : 1);
    text.remove_prefix(character.size());
    if (lead == '\n' || lead == '\t') {
      out += ' ';
    } else {
      const bool keep = utf8 ? is_harmless(decode(character)) : lead >= 0x20 && lead < 0x7f;
      out += keep ? character : kReplacement;
    }
  }
  return out;
}

}  // namespace linnet::example
