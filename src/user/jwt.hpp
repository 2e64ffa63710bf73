// JSON Web Tokens (RFC 7519) of the operator's own user system: what they must be to name a user
// and a device. The algorithm is the configuration's, never the token's.
#pragma once

#include "jwt_keys.hpp"

#include "linnet/base/clock.hpp"
#include "linnet/base/ids.hpp"
#include "linnet/user/accounts.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::user {

struct JwtClaims {
  UserId user;
  DeviceId device;
  Millis expires;
  std::optional<Millis> issued;
};

// A token taken apart, with nothing of it proved but its shape.
struct Jwt {
  std::string key_id;       // empty: it names none
  std::string signed_text;  // what the signature is over
  std::string signature;    // raw
  std::string payload;      // JSON
};

// Error: kUnauthorized (no token, another algorithm, `crit`). Thread: any; as the others here.
Result<Jwt> parse_jwt(std::string_view token, JwtAlgorithm algorithm);

// The key that the token names or, when it names none, the only one there is. Null: there is none.
const JwtKey* choose_key(const std::vector<JwtKey>& keys, const Jwt& jwt);

// Of a payload whose signature holds. Error: kUnauthorized (expired, not yet good, of another
// issuer or for another audience, without a user or a device).
Result<JwtClaims> read_claims(const std::string& payload, const JwtRules& rules, Millis now);

}  // namespace linnet::user
