// Requests to the operator's hooks, signed so that the hook can tell them from anybody else's.
//
//   Linnet-Timestamp: 1700000000                  seconds since 1970
//   Linnet-Signature: v1=<64 hexadecimal digits>  HMAC-SHA256 of timestamp "." body, by the secret
#pragma once

#include "linnet/base/clock.hpp"
#include "linnet/user/http_client.hpp"

#include <string>
#include <string_view>

namespace linnet::user {

// HMAC-SHA256, 32 raw bytes. Thread: any.
std::string hmac_sha256(std::string_view secret, std::string_view text);

// A POST of `json` to `url`. Thread: any.
HttpCall signed_call(const Url& url, std::string_view secret, std::string json, Millis now);

}  // namespace linnet::user
