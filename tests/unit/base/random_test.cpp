// Randomness, digests and comparison for secrets.
#include "linnet/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

using namespace linnet;

namespace {

std::string hex(const std::string& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4U];
    text += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

}  // namespace

TEST_CASE("a token is base64url of the bytes asked for, and new each time") {
  REQUIRE(init_random());
  REQUIRE(init_random());  // a second time does no harm
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::string token = random_token(32);
    CHECK(token.size() == 43);
    CHECK(std::all_of(token.begin(), token.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_';
    }));
    seen.insert(token);
  }
  CHECK(seen.size() == 1000);
  CHECK(random_token(1).size() == 2);
}

TEST_CASE("a number below a bound is below it, and every one of them comes") {
  REQUIRE(init_random());
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 1000; ++i) {
    std::uint32_t number = random_below(10);
    CHECK(number < 10);
    seen.insert(number);
  }
  CHECK(seen.size() == 10);
  CHECK(random_below(1) == 0);
}

TEST_CASE("SHA-256 is FIPS 180's") {
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256(std::string("a\0b", 3)) != sha256("a"));
}

TEST_CASE("equality of secrets is equality") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("secret", "secret"));
  CHECK_FALSE(equal_in_constant_time("secret", "secreT"));
  CHECK_FALSE(equal_in_constant_time("secret", "Secret"));
  CHECK_FALSE(equal_in_constant_time("secret", "secret2"));
  CHECK_FALSE(equal_in_constant_time("secret", ""));
  CHECK_FALSE(equal_in_constant_time(std::string("a\0b", 3), std::string("a\0c", 3)));
}
