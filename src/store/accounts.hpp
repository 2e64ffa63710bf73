// Devices, users and tokens in their tables: the functions of AccountStore, on a connection. Those
// that write run inside the writer's transaction.
#pragma once

#include "connection.hpp"

#include "linnet/store/types.hpp"

#include <optional>
#include <vector>

namespace linnet::store {

Result<DeviceId> create_device(Connection& db, const Device& device);
Result<std::optional<Device>> get_device(Connection& db, DeviceId device);
// `devices_per_user`: 0 for no limit.
Result<SignedIn> sign_in(Connection& db, const SignIn& sign_in, std::size_t devices_per_user);
Result<Bound> bind_device(Connection& db, const Binding& binding, std::size_t devices_per_user);
Status set_token(Connection& db, DeviceId device, const TokenRecord& token);
Status extend_token(Connection& db, DeviceId device, const TokenRecord& token);
Status sign_out(Connection& db, UserId user, DeviceId device, Millis now);
Result<std::vector<Device>> user_devices(Connection& db, UserId user);
Status set_seen(Connection& db, DeviceId device, Millis now);
Result<std::optional<TokenRecord>> get_token(Connection& db, DeviceId device);
Result<UserId> create_user(Connection& db, const User& user);
Result<std::optional<User>> get_user(Connection& db, UserId user);
// Those that exist, in the order given.
Result<std::vector<User>> get_users(Connection& db, const std::vector<UserId>& users);
Status put_users(Connection& db, const std::vector<User>& users);
Result<std::optional<User>> find_user(Connection& db, const std::string& phone_number,
                                      UserId seeker);
Result<std::optional<Password>> get_password(Connection& db, const std::string& phone_number);
Status note_wrong_passwords(Connection& db, UserId user, std::int32_t count, Millis since);
Status set_password(Connection& db, UserId user, const std::string& hash, Millis now);
Status update_user(Connection& db, const User& user);

// The User that a row holds in its first kUserColumns columns: id, phone_number, nickname, sex,
// avatar_url, extra, created, updated.
constexpr int kUserColumns = 8;
User user_of(const Query& row);

}  // namespace linnet::store
