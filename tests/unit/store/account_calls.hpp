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

inline std::optional<store::Password> password_of(store::Store& store, const std::string& number) {
  return Calls::get(
      await<std::optional<store::Password>>([&](Done<std::optional<store::Password>> done) {
        store.get_password(number, std::move(done));
      }));
}

inline ErrCode set_token(store::Store& store, DeviceId device, const store::TokenRecord& token) {
  return await<Unit>([&](Done<Unit> done) { store.set_token(device, token, std::move(done)); })
      .code();
}

inline Result<store::Appended> ask_friend(store::Store& store, std::int64_t from, std::int64_t to) {
  store::FriendRequest asked;
  asked.from = UserId(from);
  asked.to = UserId(to);
  asked.now = Millis(5);
  return await<store::Appended>([&](Done<store::Appended> done) {
    store.request_friend(asked, text(0, {to}, "asked"), std::move(done));
  });
}

// `user` agrees to what `asker` asked.
inline Result<store::Appended> agree_friend(store::Store& store, std::int64_t user,
                                            std::int64_t asker) {
  return await<store::Appended>([&](Done<store::Appended> done) {
    store.agree_friend(UserId(user), UserId(asker), "r", Millis(6), text(0, {asker}, "agreed"),
                       std::move(done));
  });
}

}  // namespace linnet::test
