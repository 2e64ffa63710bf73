// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#include "linnet/wire/websocket.hpp"

#include <cstring>

namespace linnet::wire {
namespace {

bool is_continuation(unsigned char c) {
  return (c & 0xc0U) == 0x80U;
}

// Length of the well-formed character of two to four bytes at `p`, 0 if there is none.
// Only the second byte's range depends on the first (Unicode, table 3-7).
std::size_t long_character(const unsigned char* p, std::size_t left) {
  unsigned char first = p[0];
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  }
  if (length == 0 || left < length || p[1] < low || p[1] > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_continuation(p[i])) return 0;
  }
  return length;
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t left = text.size();
  while (left > 0) {
    if (left >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, sizeof word);
      if ((word & 0x8080808080808080ULL) == 0) {
        p += 8;
        left -= 8;
        continue;
      }
    }
    std::size_t step = p[0] < 0x80 ? 1 : long_character(p, left);
    if (step == 0) return false;
    p += step;
    left -= step;
  }
  return true;
}

}  // namespace linnet::wire
