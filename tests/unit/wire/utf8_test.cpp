// UTF-8: the borders of every form, at every offset of the ASCII fast path.
#include "linnet/wire/websocket.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace linnet;

namespace {

std::string encode(std::uint32_t c) {
  auto byte = [](std::uint32_t b) { return static_cast<char>(b); };
  auto tail = [&](unsigned shift) { return byte(0x80U | ((c >> shift) & 0x3fU)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xc0U | (c >> 6U)), tail(0)};
  if (c < 0x10000) return {byte(0xe0U | (c >> 12U)), tail(6), tail(0)};
  return {byte(0xf0U | (c >> 18U)), tail(12), tail(6), tail(0)};
}

}  // namespace

TEST_CASE("every Unicode character is UTF-8, and no surrogate is") {
  std::uint32_t wrong = 0;
  for (std::uint32_t c = 0; c <= 0x10ffff; ++c) {
    bool surrogate = c >= 0xd800 && c <= 0xdfff;
    if (wire::is_utf8(encode(c)) == surrogate) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("what is not UTF-8 is told wherever it stands") {
  const std::string bad[] = {
      "\x80",              // a continuation alone
      "\xbf",              //
      "\xc0\x80",          // overlong: U+0000
      "\xc1\xbf",          // overlong: U+007F
      "\xe0\x80\x80",      // overlong
      "\xe0\x9f\xbf",      // overlong: U+07FF
      "\xf0\x80\x80\x80",  // overlong
      "\xf0\x8f\xbf\xbf",  // overlong: U+FFFF
      "\xed\xa0\x80",      // U+D800
      "\xed\xbf\xbf",      // U+DFFF
      "\xf4\x90\x80\x80",  // U+110000
      "\xf5\x80\x80\x80",
      "\xf8\x88\x80\x80\x80",
      "\xfc\x84\x80\x80\x80\x80",
      "\xfe",
      "\xff",
      "\xc3",              // cut short
      "\xe2\x82",          //
      "\xf0\x9f\x98",      //
      "\xc3\x28",          // the second byte is no continuation
      "\xe2\x28\xa1",      //
      "\xe2\x82\x28",      //
      "\xf0\x9f\x98\x28",  //
  };
  for (const auto& piece : bad) {
    for (std::size_t before = 0; before <= 17; ++before) {
      CAPTURE(Catch::StringMaker<std::string>::convert(piece), before);
      CHECK_FALSE(wire::is_utf8(std::string(before, 'a') + piece));
      CHECK_FALSE(wire::is_utf8(std::string(before, 'a') + piece + "tail of plain text"));
    }
  }
}

TEST_CASE("good text stays good wherever it stands") {
  const std::string good = "\xce\xba\xe1\xbd\xb9\xf0\x9f\x98\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf";
  CHECK(wire::is_utf8(""));
  CHECK(wire::is_utf8(std::string(1, '\0')));
  for (std::size_t before = 0; before <= 17; ++before)
    CHECK(wire::is_utf8(std::string(before, 'a') + good + std::string(before, 'z')));
}
