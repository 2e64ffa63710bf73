// Users as other parts of logic need them.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/store/store.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linnet::logic {

// Error: kUserNotExist.
inline Async<store::User> profile(store::AccountStore& store, UserId user) {
  auto found = co_await wait_for<std::optional<store::User>>(
      [&](Done<std::optional<store::User>> done) { store.get_user(user, std::move(done)); });
  if (!found) co_return found.take_error();
  if (!*found) co_return Error(ErrCode::kUserNotExist);
  co_return std::move(**found);
}

// Those of `users` (unique) that exist.
inline Async<std::map<UserId, store::User>> profiles(store::AccountStore& store,
                                                     const std::vector<UserId>& users) {
  auto found = co_await wait_for<std::vector<store::User>>(
      [&](Done<std::vector<store::User>> done) { store.get_users(users, std::move(done)); });
  if (!found) co_return found.take_error();
  std::map<UserId, store::User> result;
  for (auto& one : *found)
    result.emplace(one.id, std::move(one));
  co_return result;
}

}  // namespace linnet::logic
