#include "http/caller.hpp"

#include "http/encoding.hpp"

#include "linnet/base/random.hpp"

#include <algorithm>

namespace linnet::gateway {
namespace {

constexpr std::size_t kLongestRequestName = 64;
constexpr std::size_t kRequestNameBytes = 12;

std::optional<std::string_view> either(const HttpHeaders& headers, std::string_view name,
                                       std::string_view other) {
  auto value = headers.first(name);
  return value ? value : headers.first(other);
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::optional<std::string_view> bearer_token(const HttpHeaders& headers) {
  constexpr std::string_view kScheme = "bearer ";
  auto value = headers.first("Authorization");
  if (!value || !equals_ignoring_case(value->substr(0, kScheme.size()), kScheme))
    return std::nullopt;
  auto token = value->substr(kScheme.size());
  while (token.starts_with(' '))
    token.remove_prefix(1);
  return token;
}

Result<user::Credentials> call_credentials(const HttpHeaders& headers) {
  user::Credentials credentials;
  auto bearer = bearer_token(headers);
  if (bearer) {
    if (auto named = user::parse_token(*bearer)) return std::move(*named);
    credentials.token = *bearer;  // of another issuer, which needs the ids beside it
  } else if (auto token = either(headers, "token", "X-Token")) {
    credentials.token = *token;
  }
  if (auto text = either(headers, "user_id", "X-User-Id")) {
    auto id = parse_decimal(*text);
    if (!id) return Error(ErrCode::kBadRequest, "header user_id: a decimal number");
    credentials.user = UserId(*id);
  }
  if (auto text = either(headers, "device_id", "X-Device-Id")) {
    auto id = parse_decimal(*text);
    if (!id) return Error(ErrCode::kBadRequest, "header device_id: a decimal number");
    credentials.device = DeviceId(*id);
  }
  return credentials;
}

RequestId retry_id(const HttpHeaders& headers) {
  for (std::string_view name : {"request_id", "X-Request-Id"}) {
    auto text = headers.first(name);
    if (!text) continue;
    if (auto id = parse_decimal(*text)) return RequestId(*id);
  }
  return RequestId();
}

Result<api::Call> call_of(const HttpRequest& request) {
  auto credentials = call_credentials(request.headers);
  if (!credentials) return credentials.take_error();
  api::Call call;
  call.credentials = std::move(*credentials);
  call.request_id = retry_id(request.headers);
  call.address = request.address;
  return call;
}

std::string request_name(const HttpHeaders& headers) {
  for (std::string_view name : {"X-Request-Id", "request_id"}) {
    auto text = headers.first(name);
    if (text && !text->empty() && text->size() <= kLongestRequestName && is_printable(*text))
      return std::string(*text);
  }
  return random_token(kRequestNameBytes);
}

Origin judge_origin(const HttpHeaders& headers, const std::vector<std::string>& allowed) {
  auto origin = headers.first("Origin");
  if (!origin) return Origin::kNone;
  if (headers.count("Origin") > 1) return Origin::kForeign;
  if (std::find(allowed.begin(), allowed.end(), *origin) != allowed.end()) return Origin::kAllowed;
  auto host = headers.first("Host");
  if (!host || host->empty()) return Origin::kForeign;
  for (std::string_view scheme : {"http://", "https://"})
    if (origin->starts_with(scheme) && equals_ignoring_case(origin->substr(scheme.size()), *host))
      return Origin::kOwn;
  return Origin::kForeign;
}

}  // namespace linnet::gateway
