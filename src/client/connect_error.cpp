// Takes the numeric code out of the JSON of an error.
#include "connect_error.hpp"

#include "pb/linnet.pb.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace linnet::client {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMessageBytes = 1024;

ErrCode code_of_status(int status) {
  switch (status) {
    case 400: return ErrCode::kBadRequest;
    case 401: return ErrCode::kUnauthorized;
    case 404: return ErrCode::kUnimplemented;
    case 405: return ErrCode::kMethodNotAllowed;
    case 413: return ErrCode::kTooLarge;
    case 415: return ErrCode::kUnsupportedMedia;
    case 429: return ErrCode::kRateLimited;
    case 503: return ErrCode::kServerBusy;
    case 408:
    case 504: return ErrCode::kTimeout;
    default: return ErrCode::kServerUnknown;
  }
}

// Standard base64, padded or not.
std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (!text.empty() && text.back() == '=')
    text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U | static_cast<std::uint32_t>(digit)) & 0xffffU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU);
  }
  return out;
}

// The parser does not recurse: hostile nesting costs no stack.
Json parse(std::string_view body) {
  return Json::parse(body.begin(), body.end(), nullptr, false);
}

std::string message_of(const Json& json) {
  auto it = json.find("message");
  if (it == json.end() || !it->is_string()) return {};
  return it->get<std::string>().substr(0, kMessageBytes);
}

std::optional<ErrCode> to_code(std::int64_t number) {
  if (number <= 0 || number > 1000000) return std::nullopt;
  return static_cast<ErrCode>(number);
}

std::optional<ErrCode> code_of_details(const Json& json) {
  auto details = json.find("details");
  if (details == json.end() || !details->is_array()) return std::nullopt;
  for (const auto& detail : *details) {
    if (!detail.is_object()) continue;
    auto type = detail.find("type");
    auto value = detail.find("value");
    if (type == detail.end() || *type != "pb.ErrorInfo") continue;
    if (value == detail.end() || !value->is_string()) continue;
    auto bytes = decode_base64(value->get_ref<const std::string&>());
    pb::ErrorInfo info;
    if (bytes && info.ParseFromString(*bytes)) return to_code(info.code());
  }
  return std::nullopt;
}

}  // namespace

Error read_connect_error(int http_status, std::string_view body) {
  auto json = parse(body);
  if (!json.is_object())
    return Error(code_of_status(http_status), "HTTP status " + std::to_string(http_status));
  auto code = code_of_details(json);
  return Error(code.value_or(code_of_status(http_status)), message_of(json));
}

Error read_short_error(int http_status, std::string_view body) {
  auto json = parse(body);
  if (!json.is_object())
    return Error(code_of_status(http_status), "HTTP status " + std::to_string(http_status));
  auto number = json.find("code");
  std::optional<ErrCode> code;
  if (number != json.end() && number->is_number_integer())
    code = to_code(number->get<std::int64_t>());
  return Error(code.value_or(code_of_status(http_status)), message_of(json));
}

}  // namespace linnet::client
