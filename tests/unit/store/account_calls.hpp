// What the contract's tests ask of accounts, devices and tokens.
#pragma once

#include "store_kit.hpp"

namespace linnet::test {

inline std::optional<store::User> user_of(store::Store& store, std::int64_t user) {
  return Calls::get(await<std::optional<store::User>>([&](Done<std::optional<store::User>> done) {
    store.get_user(UserId(user), std::move(done));
  }));
}

inline std::optional<store::Device> device_of(store::Store& store, DeviceId device) {
  return Calls::get(await<std::optional<store::Device>>(
      [&](Done<std::optional<store::Device>> done) { store.get_device(device, std::move(done)); }));
}

inline std::optional<store::TokenRecord> token_of(store::Store& store, DeviceId device) {
  return Calls::get(
      await<std::optional<store::TokenRecord>>([&](Done<std::optional<store::TokenRecord>> done) {
        store.get_token(device, std::move(done));
      }));
}

inline ErrCode set_token(store::Store& store, DeviceId device, const store::TokenRecord& token) {
  return await<Unit>([&](Done<Unit> done) { store.set_token(device, token, std::move(done)); })
      .code();
}

}  // namespace linnet::test
