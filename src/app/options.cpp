#include "options.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace linnet::app {

store::SqliteOptions store_options(const Config& config) {
  store::SqliteOptions options;
  options.directory = config.server.data_dir;
  options.synchronous =
      config.store.synchronous == "full" ? store::Synchronous::kFull : store::Synchronous::kNormal;
  options.readers = size(config.store.readers);
  options.queue = size(config.store.queue);
  options.batch = size(config.store.batch);
  options.commit_delay = std::chrono::microseconds(config.store.commit_delay_us);
  options.merge_slice = std::chrono::milliseconds(config.store.merge_slice_ms);
  options.merge_after = size(config.store.merge_after);
  options.cache_bytes = size(config.store.cache_bytes);
  if (config.limits.enabled) {
    options.friends_per_user = size(config.limits.friends_per_user);
    options.groups_per_user = size(config.limits.groups_per_user);
    options.devices_per_user = size(config.limits.devices_per_user);
  }
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
  options.log_bytes_in_all = size(config.limits.room_log_bytes);
  options.history_bytes_in_all = size(config.limits.room_history_bytes);
  options.pace = std::chrono::milliseconds(config.rooms.pace_ms);
  options.state_every = std::chrono::milliseconds(config.rooms.state_ms);
  options.keep_empty = std::chrono::seconds(config.rooms.keep_s);
  return options;
}

logic::RoomRules room_rules(const Config& config) {
  logic::RoomRules rules;
  rules.open = config.rooms.open;
  if (config.rooms.history_on_disk) rules.kept = size(config.rooms.history);
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

namespace {

// Linux doubles a process's table of descriptors as it fills, and whoever needs one waits meanwhile
// for a grace period of RCU, tens of milliseconds, if there are several threads (fs/file.c).
void grow_table(std::size_t files) {
  constexpr std::size_t kMost = 65536;  // half a megabyte of the kernel's memory
  const int last = ::fcntl(0, F_DUPFD_CLOEXEC, static_cast<int>(std::min(files, kMost)) - 1);
  if (last >= 0) ::close(last);
}

}  // namespace

std::size_t open_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit wanted{limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
  }
  grow_table(limit.rlim_cur);
  return limit.rlim_cur;
}

// The rest is for the database and hooks.
std::size_t connections_by_files() {
  constexpr std::size_t kLeast = 64;
  const auto files = open_files();
  return files - std::min(files - 1, std::max(kLeast, files / 10));
}

gateway::GatewayOptions gateway_options(const Config& config) {
  gateway::GatewayOptions options;
  options.tcp_listen = config.tcp.listen;
  options.http_listen = config.http.listen;
  options.grpc_listen = config.grpc.listen;
  options.loopback_only = is_development(config);
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
  options.bytes_per_second =
      config.limits.enabled ? static_cast<std::uint32_t>(config.limits.bytes_per_second) : 0;
  options.bytes_burst = static_cast<std::uint32_t>(config.limits.bytes_burst);
  options.refusals.per_second =
      config.limits.enabled ? static_cast<std::uint32_t>(config.limits.refusals_per_second) : 0;
  options.refusals.burst = static_cast<std::uint32_t>(config.limits.refusals_burst);
  options.accepts_per_second = static_cast<std::uint32_t>(config.limits.accepts_per_second);
  options.unsent_bytes = size(config.limits.unsent_bytes);
  options.http_bytes = size(config.limits.http_bytes);
  if (config.limits.enabled) {
    options.connections =
        config.limits.connections > 0 ? size(config.limits.connections) : connections_by_files();
    options.connections_per_address = size(config.limits.connections_per_address);
  }
  options.head_timeout = std::chrono::milliseconds(config.http.head_timeout_ms);
  options.http_idle = std::chrono::seconds(config.http.idle_s);
  options.metrics = config.http.metrics;
  options.drain_delay = std::chrono::milliseconds(config.server.drain_delay_ms);
  options.rooms_per_connection = size(config.rooms.per_connection);
  options.room_bytes = size(config.rooms.member_bytes);
  options.io_uring = config.server.io_uring;
  return options;
}

}  // namespace linnet::app
