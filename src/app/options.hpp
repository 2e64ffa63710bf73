// From the configuration to the options of each module.
#pragma once

#include "linnet/api/limits.hpp"
#include "linnet/app/config.hpp"
#include "linnet/gateway/gateway.hpp"
#include "linnet/logic/groups.hpp"
#include "linnet/logic/messages.hpp"
#include "linnet/store/sqlite.hpp"
#include "linnet/user/accounts.hpp"

namespace linnet::app {

// Of a setting, whose range excludes less than 0.
inline std::size_t size(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

store::SqliteOptions store_options(const Config& config);
// Whether one printed code serves every phone number.
bool is_development(const Config& config);
// Whether accounts send requests to hooks.
bool needs_hooks(const Config& config);
user::HttpClientOptions http_client_options(const Config& config);
// Error: kBadRequest (the hooks' secret cannot be read, or settings exclude each other).
Result<user::AccountOptions> account_options(const Config& config);
logic::MessageOptions message_options(const Config& config);
logic::GroupOptions group_options(const Config& config);
router::RoomOptions room_options(const Config& config);
logic::RoomRules room_rules(const Config& config);
api::LimitOptions limit_options(const Config& config);
// How many files the process may open, after its limit has been raised as far as it goes.
std::size_t open_files();
// limits.connections of 0.
std::size_t connections_by_files();
gateway::GatewayOptions gateway_options(const Config& config);

}  // namespace linnet::app
