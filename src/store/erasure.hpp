// The end of a user, in the tables: AccountStore::erase_user, inside the writer's transaction.
#pragma once

#include "connection.hpp"

#include "linnet/store/types.hpp"

#include <vector>

namespace linnet::store {

Result<std::vector<DeviceId>> erase_user(Connection& db, UserId user, Millis now);
// Whether there was a user of that id, who was erased.
Result<bool> was_erased(Connection& db, UserId user);

}  // namespace linnet::store
