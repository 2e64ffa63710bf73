// The options of accounts: the part of the configuration whose settings depend on each other, and
// that names files.
#include "options.hpp"

#include <algorithm>
#include <fstream>

namespace linnet::app {
namespace {

Error wrong(std::string text) {
  return Error(ErrCode::kBadRequest, std::move(text));
}

user::DevicePolicy device_policy(const std::string& name) {
  if (name == "per_type") return user::DevicePolicy::kPerType;
  if (name == "per_class") return user::DevicePolicy::kPerClass;
  return name == "single" ? user::DevicePolicy::kSingle : user::DevicePolicy::kAny;
}

user::JwtAlgorithm jwt_algorithm(const std::string& name) {
  if (name == "HS256") return user::JwtAlgorithm::kHs256;
  if (name == "RS256") return user::JwtAlgorithm::kRs256;
  return name == "EdDSA" ? user::JwtAlgorithm::kEdDsa : user::JwtAlgorithm::kEs256;
}

// The file's text without the end of its last line.
Result<std::string> read_key(const std::string& setting, const std::string& path,
                             std::size_t shortest) {
  constexpr std::size_t kLongest = 262144;
  std::ifstream file(path, std::ios::binary);
  if (!file) return wrong(setting + ": '" + path + "' cannot be read");
  std::string key(kLongest + 1, '\0');
  file.read(key.data(), static_cast<std::streamsize>(key.size()));
  key.resize(static_cast<std::size_t>(file.gcount()));
  const bool whole = key.size() <= kLongest;
  while (key.ends_with('\n') || key.ends_with('\r'))
    key.pop_back();
  if (!whole) return wrong(setting + ": '" + path + "' is longer than any key");
  if (key.size() < shortest)
    return wrong(setting + ": '" + path + "' must be a file with " + std::to_string(shortest) +
                 " bytes or more; a secret is made by: openssl rand -hex 32");
  return key;
}

// What excludes each other is set only once.
Status check_modes(const Config& config) {
  const bool hooked = !config.codes.hook.empty();
  const bool outside = config.user.mode != "builtin";
  if ((hooked || outside) && !config.user.dev_code.empty())
    return wrong("user.dev_code is for development mode, which codes.hook and user.mode end");
  if (!outside) return success();
  if (hooked || config.user.passwords)
    return wrong("codes.hook and user.passwords are for user.mode builtin");
  if (config.devices.policy != "any")
    return wrong("devices.policy is for user.mode builtin; elsewhere your own system decides");
  if (config.user.mode == "hook")
    return config.user.hook.empty() ? Status(wrong("user.hook must be set for user.mode hook"))
                                    : success();
  if (config.jwt.algorithm.empty()) return wrong("jwt.algorithm must be set for user.mode jwt");
  if (config.jwt.key_file.empty() == config.jwt.jwks_url.empty())
    return wrong("one of jwt.key_file and jwt.jwks_url must be set for user.mode jwt");
  return success();
}

Result<user::JwtOptions> jwt_options(const Config& config) {
  user::JwtOptions options;
  options.algorithm = jwt_algorithm(config.jwt.algorithm);
  options.rules.user_claim = config.jwt.user_claim;
  options.rules.device_claim = config.jwt.device_claim;
  options.rules.issuer = config.jwt.issuer;
  options.rules.audience = config.jwt.audience;
  if (!config.jwt.jwks_url.empty()) {
    options.jwks_url = user::parse_url(config.jwt.jwks_url);
    return options;
  }
  auto keys = read_key("jwt.key_file", config.jwt.key_file, 32);
  if (!keys) return keys.take_error();
  options.keys = std::move(*keys);
  auto good = user::check(options);
  if (!good) return wrong("jwt.key_file: " + good.error().message());
  return options;
}

}  // namespace

bool is_development(const Config& config) {
  return config.codes.hook.empty() && config.user.mode == "builtin";
}

bool needs_hooks(const Config& config) {
  return !config.codes.hook.empty() || !config.jwt.jwks_url.empty() || config.user.mode == "hook";
}

user::HttpClientOptions http_client_options(const Config& config) {
  user::HttpClientOptions options;
  options.timeout = std::chrono::milliseconds(config.hook.timeout_ms);
  options.at_once = size(config.hook.at_once);
  options.queue = size(config.hook.queue);
  options.ca_file = config.hook.ca_file;
  return options;
}

Result<user::AccountOptions> account_options(const Config& config) {
  auto consistent = check_modes(config);
  if (!consistent) return consistent.take_error();
  user::AccountOptions options;
  if (!config.codes.hook.empty() || config.user.mode == "hook") {
    auto secret = read_key("hook.secret_file", config.hook.secret_file, 32);
    if (!secret) return secret.take_error();
    options.hook_secret = std::move(*secret);
  }
  if (config.limits.enabled)
    options.bad_tokens_per_minute = static_cast<int>(config.limits.bad_tokens_per_minute);
  // One address leaves the others most of the hooks' queue, or of the places of those who wait for
  // keys. Tokens of our own are looked up here, as many as come: when a server is back, all who
  // stand behind one proxy are.
  if (config.user.mode == "hook" || (config.user.mode == "jwt" && !config.jwt.jwks_url.empty()))
    options.tokens_at_once = std::max<std::size_t>(8, size(config.hook.queue) / 4);
  if (config.user.mode == "hook") {
    user::UsersHook hook;
    hook.base = *user::parse_url(config.user.hook);
    hook.cache = std::chrono::seconds(config.user.hook_cache_s);
    options.users_hook = std::move(hook);
  }
  if (config.user.mode == "jwt") {
    auto jwt = jwt_options(config);
    if (!jwt) return jwt.take_error();
    options.jwt = std::move(*jwt);
  }
  options.fixed_code = config.user.dev_code;
  options.token_life = std::chrono::hours(24 * config.user.token_days);
  options.limit_failures = config.limits.enabled;
  options.device_policy = device_policy(config.devices.policy);
  options.search = config.user.search;
  options.passwords = config.user.passwords;
  options.password_threads = size(config.user.password_threads);
  options.failures_per_minute = static_cast<int>(config.limits.code_failures_per_minute);
  options.all_failures_per_minute = static_cast<int>(config.limits.all_code_failures_per_minute);
  if (!config.codes.hook.empty()) options.code_hook = user::parse_url(config.codes.hook);
  return options;
}

}  // namespace linnet::app
