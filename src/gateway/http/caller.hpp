// Who calls, as the headers of a request tell it: credentials, request id, origin.
#pragma once

#include "http/message.hpp"

#include "linnet/api/methods.hpp"
#include "linnet/base/error.hpp"
#include "linnet/user/identity.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::gateway {

// The token of `Authorization: Bearer <token>`.
std::optional<std::string_view> bearer_token(const HttpHeaders& headers);

// From a Bearer token (which names its user and device), or user_id, device_id and token, each of
// them also as X-User-Id and so on (some proxies drop names with underscores). What is missing is
// zero or empty: whether that will do is the method's matter. Error: kBadRequest (an id is no
// number).
Result<user::Credentials> call_credentials(const HttpHeaders& headers);

// The client's id for retries: `request_id`, or X-Request-Id when it is a number; 0: none.
RequestId retry_id(const HttpHeaders& headers);

// All of these, and the peer's address. Errors as in call_credentials().
Result<api::Call> call_of(const HttpRequest& request);

// What is echoed in X-Request-Id and put in errors: the client's when it is 1 to 64 printable
// characters, otherwise one of our own.
std::string request_name(const HttpHeaders& headers);

enum class Origin { kNone, kOwn, kAllowed, kForeign };
// Own: its host and port are those of the Host header. Allowed: exactly one of `allowed`.
Origin judge_origin(const HttpHeaders& headers, const std::vector<std::string>& allowed);

}  // namespace linnet::gateway
