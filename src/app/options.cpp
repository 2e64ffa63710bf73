#include "options.hpp"

#include <fstream>

namespace linnet::app {
namespace {

std::size_t size(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

user::DevicePolicy device_policy(const std::string& name) {
  if (name == "per_type") return user::DevicePolicy::kPerType;
  if (name == "per_class") return user::DevicePolicy::kPerClass;
  return name == "single" ? user::DevicePolicy::kSingle : user::DevicePolicy::kAny;
}

// The file's text without the end of its last line.
Result<std::string> read_secret(const std::string& path) {
  constexpr std::size_t kShortest = 32;
  constexpr std::size_t kLongest = 4096;
  std::ifstream file(path, std::ios::binary);
  std::string secret(kLongest + 1, '\0');
  file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  secret.resize(static_cast<std::size_t>(file.gcount()));
  while (secret.ends_with('\n') || secret.ends_with('\r'))
    secret.pop_back();
  if (secret.size() < kShortest || secret.size() > kLongest)
    return Error(ErrCode::kBadRequest, "hook.secret_file: '" + path +
                                           "' must be a file with 32 to 4096 bytes, for instance "
                                           "made by: openssl rand -hex 32");
  return secret;
}

}  // namespace

store::SqliteOptions store_options(const Config& config) {
  store::SqliteOptions options;
  options.directory = config.server.data_dir;
  options.synchronous =
      config.store.synchronous == "full" ? store::Synchronous::kFull : store::Synchronous::kNormal;
  options.readers = size(config.store.readers);
  options.queue = size(config.store.queue);
  options.batch = size(config.store.batch);
  options.merge_slice = std::chrono::milliseconds(config.store.merge_slice_ms);
  options.merge_after = size(config.store.merge_after);
  return options;
}

bool needs_hooks(const Config& config) {
  return !config.codes.hook.empty();
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
  if (!config.codes.hook.empty() && !config.user.dev_code.empty())
    return Error(ErrCode::kBadRequest,
                 "user.dev_code is for development mode, which codes.hook ends; set only one");
  user::AccountOptions options;
  if (needs_hooks(config)) {
    auto secret = read_secret(config.hook.secret_file);
    if (!secret) return secret.take_error();
    options.hook_secret = std::move(*secret);
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

logic::MessageOptions message_options(const Config& config) {
  logic::MessageOptions options;
  options.require_friendship = config.logic.require_friendship;
  options.message_bytes = size(config.logic.message_bytes);
  options.mentions = size(config.logic.mentions);
  return options;
}

logic::GroupOptions group_options(const Config& config) {
  logic::GroupOptions options;
  options.small_members = size(config.groups.small_members);
  options.large_members = size(config.groups.large_members);
  return options;
}

router::RoomOptions room_options(const Config& config) {
  router::RoomOptions options;
  options.log_bytes = size(config.rooms.log_bytes);
  options.log_entries = size(config.rooms.log_messages);
  options.history_entries = size(config.rooms.history);
  options.history_bytes = size(config.rooms.history_bytes);
  options.pace = std::chrono::milliseconds(config.rooms.pace_ms);
  options.state_every = std::chrono::milliseconds(config.rooms.state_ms);
  options.keep_empty = std::chrono::seconds(config.rooms.keep_s);
  return options;
}

logic::RoomRules room_rules(const Config& config) {
  logic::RoomRules rules;
  rules.open = config.rooms.open;
  rules.rights = size(config.rooms.rights);
  rules.users_create = config.rooms.create == "anyone";
  rules.message_bytes = size(config.rooms.message_bytes);
  rules.per_second = config.limits.enabled ? static_cast<double>(config.limits.room_per_second) : 0;
  rules.burst = config.limits.room_burst;
  return rules;
}

api::LimitOptions limit_options(const Config& config) {
  auto rate = [](std::int64_t per_second, std::int64_t burst) {
    return api::Rate{static_cast<double>(per_second), static_cast<double>(burst)};
  };
  api::LimitOptions options;
  options.enabled = config.limits.enabled;
  options.read = rate(config.limits.read_per_second, config.limits.read_burst);
  options.write = rate(config.limits.write_per_second, config.limits.write_burst);
  options.join = rate(config.limits.join_per_second, config.limits.join_burst);
  options.server = rate(config.limits.server_per_second, config.limits.server_burst);
  options.code.per_second = static_cast<double>(config.limits.codes_per_minute) / 60;
  options.code.burst = static_cast<double>(config.limits.codes_burst);
  options.search.per_second = static_cast<double>(config.limits.searches_per_minute) / 60;
  options.search.burst = static_cast<double>(config.limits.searches_burst);
  return options;
}

gateway::GatewayOptions gateway_options(const Config& config) {
  gateway::GatewayOptions options;
  options.tcp_listen = config.tcp.listen;
  options.http_listen = config.http.listen;
  options.grpc_listen = config.grpc.listen;
  options.loopback_only = config.codes.hook.empty();
  options.allowed_origins = config.http.allowed_origins;
  options.body_bytes = size(config.http.body_bytes);
  options.sign_in_timeout = std::chrono::milliseconds(config.session.sign_in_timeout_ms);
  options.sync_grace = std::chrono::milliseconds(config.session.sync_grace_ms);
  options.tcp_idle = std::chrono::seconds(config.session.tcp_idle_s);
  options.ws_idle = std::chrono::seconds(config.session.ws_idle_s);
  options.stream_heartbeat = std::chrono::seconds(config.session.stream_heartbeat_s);
  options.outbox_bytes = size(config.session.outbox_bytes);
  options.page_entries = size(config.session.page_entries);
  options.packets_per_second =
      config.limits.enabled ? static_cast<std::uint32_t>(config.limits.packets_per_second) : 0;
  options.packets_burst = static_cast<std::uint32_t>(config.limits.packets_burst);
  options.rooms_per_connection = size(config.rooms.per_connection);
  options.room_bytes = size(config.rooms.member_bytes);
  return options;
}

}  // namespace linnet::app
