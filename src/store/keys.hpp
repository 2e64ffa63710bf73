// API keys in their table.
#pragma once

#include "connection.hpp"

#include "linnet/store/keys.hpp"

#include <optional>
#include <string>

namespace linnet::store {

Result<std::optional<ApiKey>> find_key(Connection& db, const std::string& hash);

}  // namespace linnet::store
