// How accounts behave: values made from the configuration.
#pragma once

#include "linnet/user/http_client.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace linnet::user {

// How many devices of a user may be signed in at once. The classes: mobile (Android, iOS), desktop
// (Windows, macOS), web.
enum class DevicePolicy { kAny, kPerType, kPerClass, kSingle };

// argon2id's; by default libsodium's "interactive": 64 MiB and two passes.
struct PasswordCost {
  unsigned long long passes = 2;
  std::size_t bytes = 64 * 1024 * 1024;
};

enum class JwtAlgorithm { kHs256, kRs256, kEs256, kEdDsa };

// What a JSON Web Token must say.
struct JwtRules {
  std::string user_claim = "sub";
  std::string device_claim = "device_id";
  std::string issuer;    // its `iss`; empty: any
  std::string audience;  // in its `aud`; empty: any
};

struct JwtOptions {
  JwtAlgorithm algorithm = JwtAlgorithm::kEs256;
  JwtRules rules;
  std::string keys;             // a secret, a public key as PEM, or a JWKS; empty: jwks_url is set
  std::optional<Url> jwks_url;  // where a JWKS is fetched from
};

// Where users are asked for, by the calls of pb.UserInt.
struct UsersHook {
  Url base;                                // the calls' paths are added to it
  std::chrono::milliseconds cache{60000};  // how long an answer is believed
};

struct AccountOptions {
  std::string fixed_code;  // accepted beside the printed one; empty: none
  std::chrono::hours token_life{90 * 24};
  bool limit_failures = true;    // of codes, and how often they are sent
  int failures_per_minute = 10;  // per phone number
  DevicePolicy device_policy = DevicePolicy::kAny;
  int all_failures_per_minute = 1000;  // of all phone numbers together
  // Where codes are delivered; nothing: development mode, where nobody is sent any.
  std::optional<Url> code_hook;
  std::string hook_secret{};
  bool search = true;  // by phone number
  bool passwords = false;
  std::size_t password_threads = 2;
  PasswordCost password_cost{};
  // Of one address: tokens that proved nothing, and tokens of another system whose proof is
  // awaited; 0: no limit.
  int bad_tokens_per_minute = 0;
  std::size_t tokens_at_once = 0;
  // Users are the operator's own, and bring JSON Web Tokens; nothing: they sign in here.
  std::optional<JwtOptions> jwt{};
  // Users are the operator's own, and every token is shown to that system; not with `jwt`.
  std::optional<UsersHook> users_hook{};
};

// Whether the keys of `options` can be read. Error: kBadRequest, with a sentence for the operator.
Status check(const JwtOptions& options);

}  // namespace linnet::user
