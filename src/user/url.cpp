// URLs as the configuration writes them.
#include "linnet/user/http_client.hpp"

#include <algorithm>
#include <charconv>

namespace linnet::user {
namespace {

constexpr std::size_t kLongestUrl = 2000;

bool is_port(std::string_view text) {
  unsigned number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= 65535;
}

bool is_host(std::string_view text, bool bracketed) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return plain || c == '.' || (bracketed ? c == ':' : c == '-' || c == '_');
  });
}

// Takes HOST[:PORT] apart.
bool read_authority(std::string_view text, Url& url) {
  const bool bracketed = text.starts_with('[');
  auto host_end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && host_end == std::string_view::npos) return false;
  auto host = bracketed ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  std::string_view rest;
  if (host_end != std::string_view::npos) rest = text.substr(host_end + (bracketed ? 1 : 0));
  if (!is_host(host, bracketed)) return false;
  url.host = std::string(host);
  url.port = url.tls ? "443" : "80";
  if (rest.empty()) return true;
  if (rest.front() != ':' || !is_port(rest.substr(1))) return false;
  url.port = std::string(rest.substr(1));
  return true;
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  if (text.size() > kLongestUrl ||
      !std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; }))
    return std::nullopt;
  Url url;
  url.tls = text.starts_with("https://");
  if (!url.tls && !text.starts_with("http://")) return std::nullopt;
  text.remove_prefix(url.tls ? 8 : 7);
  if (text.find('#') != std::string_view::npos) return std::nullopt;
  auto end = text.find_first_of("/?");
  auto target = end == std::string_view::npos ? std::string_view() : text.substr(end);
  if (!read_authority(text.substr(0, end), url)) return std::nullopt;
  url.target = (target.starts_with('/') ? "" : "/") + std::string(target);
  return url;
}

}  // namespace linnet::user
