// The shape of a token: written at sign-in, read from whatever a caller sends.
#include "linnet/user/identity.hpp"

#include <charconv>

namespace linnet::user {
namespace {

constexpr std::string_view kTokenPrefix = "l1.";
constexpr std::size_t kLongestToken = 200;

// Takes "<decimal>." off the front; nothing for anything else, or a number below 1.
std::optional<std::int64_t> take_id(std::string_view& text) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 1 || end == text.data() + text.size() || *end != '.')
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return value;
}

}  // namespace

std::string make_token(UserId user, DeviceId device, std::string_view secret) {
  std::string token(kTokenPrefix);
  token += std::to_string(user.value()) + '.' + std::to_string(device.value()) + '.';
  token += secret;
  return token;
}

std::optional<Credentials> parse_token(std::string_view token) {
  if (token.size() > kLongestToken || !token.starts_with(kTokenPrefix)) return std::nullopt;
  auto rest = token.substr(kTokenPrefix.size());
  auto user = take_id(rest);
  if (!user) return std::nullopt;
  auto device = take_id(rest);
  if (!device || rest.empty()) return std::nullopt;
  return Credentials{UserId(*user), DeviceId(*device), std::string(token)};
}

}  // namespace linnet::user
