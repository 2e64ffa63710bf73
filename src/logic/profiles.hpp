// Users as other parts of logic need them.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/directory.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linnet::logic {

// Waits until the store knows what there is to know of `users`.
inline Async<Unit> know(user::Directory& people, std::vector<UserId> users) {
  auto known = co_await wait_for<Unit>(
      [&](Done<Unit> done) { people.look_up(std::move(users), std::move(done)); });
  co_return known;
}

// Error: kUserNotExist.
inline Async<store::User> profile(store::AccountStore& store, user::Directory& people,
                                  UserId user) {
  std::vector<UserId> one(1, user);
  auto known = co_await know(people, std::move(one));
  if (!known) co_return known.take_error();
  auto found = co_await wait_for<std::optional<store::User>>(
      [&](Done<std::optional<store::User>> done) { store.get_user(user, std::move(done)); });
  if (!found) co_return found.take_error();
  if (!*found) co_return Error(ErrCode::kUserNotExist);
  co_return std::move(**found);
}

// Those of `users` (unique) that exist.
inline Async<std::map<UserId, store::User>> profiles(store::AccountStore& store,
                                                     user::Directory& people,
                                                     const std::vector<UserId>& users) {
  auto known = co_await know(people, users);
  if (!known) co_return known.take_error();
  auto found = co_await wait_for<std::vector<store::User>>(
      [&](Done<std::vector<store::User>> done) { store.get_users(users, std::move(done)); });
  if (!found) co_return found.take_error();
  std::map<UserId, store::User> result;
  for (auto& one : *found)
    result.emplace(one.id, std::move(one));
  co_return result;
}

}  // namespace linnet::logic
