// Text encodings of HTTP: percent-encoding, query strings, base64, decimal numbers. All strict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linnet::gateway {

// Nothing when a % is not followed by two hexadecimal digits. A + is a blank, as in forms.
std::optional<std::string> percent_decode(std::string_view text);

class Query {
 public:
  // Nothing when a name or value does not decode.
  static std::optional<Query> parse(std::string_view text);
  // The first of that name.
  std::optional<std::string_view> get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& entries() const { return entries_; }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

std::string base64_encode(std::string_view bytes, bool padded);
// Takes both alphabets, padded or not. Nothing for anything else.
std::optional<std::string> base64_decode(std::string_view text);

// An optional minus and digits, nothing else, within 64 bits.
std::optional<std::int64_t> parse_decimal(std::string_view text);

}  // namespace linnet::gateway
