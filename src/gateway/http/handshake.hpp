// The WebSocket handshake (RFC 6455 section 4.2) with our credentials, without sockets.
#pragma once

#include "http/message.hpp"

#include "linnet/base/error.hpp"
#include "linnet/user/identity.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace linnet::gateway {

// A handshake in good order; whether the credentials hold is still to be asked.
struct Handshake {
  user::Credentials credentials;
  std::int64_t request_id = 0;
  bool text = false;      // ?format=json
  HttpResponse accepted;  // the 101
};

// Credentials come as ?user_id=U&device_id=D&token=T; the token also as `Authorization: Bearer` or,
// for browsers, as `Sec-WebSocket-Protocol: linnet, bearer.T` (a token names its user and device,
// which may then be left out). The response is the refusal: its body is {"code":…,"message":"…"}.
std::variant<Handshake, HttpResponse> read_handshake(const HttpRequest& request,
                                                     const std::vector<std::string>& allowed);

class Query;
// ?user_id=U&device_id=D&token=T; the token also as `Authorization: Bearer`, or `offered`; with a
// token alone the ids are those that it names. Error: kBadRequest, with what is missing.
Result<user::Credentials> connection_credentials(const Query& query, const HttpHeaders& headers,
                                                 std::optional<std::string_view> offered);

// The refusal of credentials, or of a failed authentication.
HttpResponse refuse_handshake(const Error& error);

}  // namespace linnet::gateway
