// The settings of accounts: who signs in, how, and on how many devices.
#include "setting_kinds.hpp"

#include "linnet/user/http_client.hpp"

#include <algorithm>

namespace linnet::app {
namespace {

bool is_code(std::string_view value) {
  return value.empty() ||
         (value.size() >= 4 && value.size() <= 12 &&
          std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; }));
}

bool is_hook(std::string_view value) {
  return value.empty() || user::parse_url(value);
}

// To which a path is added.
bool is_base(std::string_view value) {
  return is_hook(value) && value.find('?') == std::string_view::npos;
}

bool is_any(std::string_view) {
  return true;
}

void add_hooks(std::vector<Setting>& all) {
  all.push_back(text("codes.hook",
                     "Where sign-in codes are delivered, see docs/hooks.md. Empty: development "
                     "mode, in which one printed code serves every number and the server listens "
                     "on loopback only.",
                     "a URL http://... or https://..., or empty", is_hook,
                     LINNET_MEMBER(codes.hook)));
  all.push_back(text("hook.secret_file",
                     "A file with the secret that signs what is sent to hooks; needed with one.",
                     "a path", is_any, LINNET_MEMBER(hook.secret_file)));
  all.push_back(text("hook.ca_file",
                     "The authorities that hooks' certificates are checked against, as PEM; empty: "
                     "the system's.",
                     "a path, or empty", is_any, LINNET_MEMBER(hook.ca_file)));
  all.push_back(integer("hook.timeout_ms", "How long a hook may take to answer.", 100, 60000,
                        LINNET_MEMBER(hook.timeout_ms)));
  all.push_back(
      integer("hook.at_once", "Requests to hooks at once.", 1, 1000, LINNET_MEMBER(hook.at_once)));
  all.push_back(integer("hook.queue",
                        "Requests to hooks that may wait; one more is refused as busy.", 1,
                        kMillion, LINNET_MEMBER(hook.queue)));
}

bool is_algorithm(std::string_view value) {
  return value.empty() || value == "HS256" || value == "RS256" || value == "ES256" ||
         value == "EdDSA";
}

bool is_some(std::string_view value) {
  return !value.empty();
}

void add_jwt(std::vector<Setting>& all) {
  all.push_back(text(
      "jwt.algorithm", "How the tokens of user.mode jwt are signed; one with another is refused.",
      "HS256, RS256, ES256, EdDSA, or empty", is_algorithm, LINNET_MEMBER(jwt.algorithm)));
  all.push_back(text("jwt.key_file",
                     "What checks them: a secret of 32 bytes or more (HS256), a public key as PEM, "
                     "or a JWKS.",
                     "a path, or empty", is_any, LINNET_MEMBER(jwt.key_file)));
  all.push_back(text("jwt.jwks_url",
                     "Instead of a file: where a JWKS is fetched from, within hook.timeout_ms; "
                     "again after an hour, and for a key that is not in it, once a minute at most.",
                     "a URL http://... or https://..., or empty", is_hook,
                     LINNET_MEMBER(jwt.jwks_url)));
  all.push_back(text("jwt.user_claim", "The claim with the user's id, a number from 1 on.",
                     "a name", is_some, LINNET_MEMBER(jwt.user_claim)));
  all.push_back(text("jwt.device_claim",
                     "The claim with the device's id, as RegisterDevice gave it.", "a name",
                     is_some, LINNET_MEMBER(jwt.device_claim)));
  all.push_back(text("jwt.issuer", "What `iss` must be; empty: anything.", "text", is_any,
                     LINNET_MEMBER(jwt.issuer)));
  all.push_back(text("jwt.audience", "What `aud` must name; empty: anything.", "text", is_any,
                     LINNET_MEMBER(jwt.audience)));
}

}  // namespace

void add_account_settings(std::vector<Setting>& all) {
  all.push_back(text(
      "user.mode",
      "Whose the users are, see docs/users.md. builtin: they sign in here. jwt: they are those of "
      "your own system, which signs JSON Web Tokens for them. hook: of your own system, which is "
      "asked.",
      "builtin, jwt or hook",
      [](std::string_view v) { return v == "builtin" || v == "jwt" || v == "hook"; },
      LINNET_MEMBER(user.mode)));
  all.push_back(text("user.hook",
                     "Where your own system is asked in mode hook; /pb.UserInt/Auth and so on are "
                     "added to it.",
                     "a URL http://... or https://... without a query, or empty", is_base,
                     LINNET_MEMBER(user.hook)));
  all.push_back(integer("user.hook_cache_s", "How long its answers are believed.", 1, 86400,
                        LINNET_MEMBER(user.hook_cache_s)));
  all.push_back(
      text("user.dev_code",
           "A fixed sign-in code, accepted beside the printed one in development mode; empty: "
           "none.",
           "4 to 12 digits, or empty", is_code, LINNET_MEMBER(user.dev_code)));
  all.push_back(integer("user.token_days", "How long a token is good after it was used last.", 1,
                        36500, LINNET_MEMBER(user.token_days)));
  all.push_back(boolean("user.search", "Signed-in users find each other by their phone numbers.",
                        LINNET_MEMBER(user.search)));
  all.push_back(boolean("user.passwords", "Users may set a password and sign in by it.",
                        LINNET_MEMBER(user.passwords)));
  all.push_back(integer("user.password_threads",
                        "Threads that check passwords, each with 64 MiB while it does.", 1, 64,
                        LINNET_MEMBER(user.password_threads)));
  add_hooks(all);
  add_jwt(all);
  all.push_back(text(
      "devices.policy",
      "How many devices of a user may be signed in at once: any number, one per type, one per "
      "class "
      "(mobile, desktop, web), or a single one. A device whose place is taken is signed out.",
      "any, per_type, per_class or single",
      [](std::string_view v) {
        return v == "any" || v == "per_type" || v == "per_class" || v == "single";
      },
      LINNET_MEMBER(devices.policy)));
}

}  // namespace linnet::app
