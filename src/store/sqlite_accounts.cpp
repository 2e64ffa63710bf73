// SqliteStore's part of the seam that keeps users, their devices, and the keys of servers.
#include "accounts.hpp"
#include "erasure.hpp"
#include "keys.hpp"
#include "sqlite_store.hpp"

#include <utility>

namespace linnet::store {

void SqliteStore::create_device(Device device, Done<DeviceId> done) {
  write<DeviceId>(
      Job::Writes::kSeveral,
      [this, d = std::move(device)] { return store::create_device(*db_, d); }, std::move(done));
}

void SqliteStore::get_device(DeviceId device, Done<std::optional<Device>> done) {
  readers_.read<std::optional<Device>>(
      [device](Connection& db) { return store::get_device(db, device); }, std::move(done));
}

void SqliteStore::sign_in(SignIn sign_in, Done<SignedIn> done) {
  write<SignedIn>(
      Job::Writes::kSeveral,
      [this, s = std::move(sign_in)] {
        standings_.note_new();
        return store::sign_in(*db_, s, devices_per_user_);
      },
      std::move(done));
}

void SqliteStore::set_token(DeviceId device, TokenRecord token, Done<Unit> done) {
  write<Unit>(
      Job::Writes::kOne,
      [this, device, t = std::move(token)] { return store::set_token(*db_, device, t); },
      std::move(done));
}

void SqliteStore::extend_token(DeviceId device, TokenRecord token, Done<Unit> done) {
  write<Unit>(
      Job::Writes::kOne,
      [this, device, t = std::move(token)] { return store::extend_token(*db_, device, t); },
      std::move(done));
}

void SqliteStore::bind_device(Binding binding, Done<Bound> done) {
  write<Bound>(
      Job::Writes::kSeveral,
      [this, binding] {
        standings_.note_new();
        return store::bind_device(*db_, binding, devices_per_user_);
      },
      std::move(done));
}

void SqliteStore::sign_out(UserId user, DeviceId device, Millis now, Done<Unit> done) {
  write<Unit>(
      Job::Writes::kSeveral,
      [this, user, device, now] { return store::sign_out(*db_, user, device, now); },
      std::move(done));
}

void SqliteStore::user_devices(UserId user, Done<std::vector<Device>> done) {
  readers_.read<std::vector<Device>>(
      [user](Connection& db) { return store::user_devices(db, user); }, std::move(done));
}

void SqliteStore::set_seen(DeviceId device, Millis now, Done<Unit> done) {
  write<Unit>(
      Job::Writes::kOne, [this, device, now] { return store::set_seen(*db_, device, now); },
      std::move(done));
}

void SqliteStore::get_token(DeviceId device, Done<std::optional<TokenRecord>> done) {
  readers_.read<std::optional<TokenRecord>>(
      [device](Connection& db) { return store::get_token(db, device); }, std::move(done));
}

void SqliteStore::create_user(User user, Done<UserId> done) {
  write<UserId>(
      Job::Writes::kOne,
      [this, u = std::move(user)] {
        standings_.note_new();
        return store::create_user(*db_, u);
      },
      std::move(done));
}

void SqliteStore::get_user(UserId user, Done<std::optional<User>> done) {
  readers_.read<std::optional<User>>([user](Connection& db) { return store::get_user(db, user); },
                                     std::move(done));
}

void SqliteStore::get_users(std::vector<UserId> users, Done<std::vector<User>> done) {
  readers_.read<std::vector<User>>(
      [u = std::move(users)](Connection& db) { return store::get_users(db, u); }, std::move(done));
}

void SqliteStore::put_users(std::vector<User> users, Done<Unit> done) {
  write<Unit>(
      Job::Writes::kSeveral,
      [this, u = std::move(users)] {
        standings_.note_new();
        return store::put_users(*db_, u);
      },
      std::move(done));
}

void SqliteStore::find_user(std::string phone_number, UserId seeker,
                            Done<std::optional<User>> done) {
  readers_.read<std::optional<User>>(
      [number = std::move(phone_number), seeker](Connection& db) {
        return store::find_user(db, number, seeker);
      },
      std::move(done));
}

void SqliteStore::get_password(std::string phone_number, Done<std::optional<Password>> done) {
  readers_.read<std::optional<Password>>(
      [number = std::move(phone_number)](Connection& db) {
        return store::get_password(db, number);
      },
      std::move(done));
}

void SqliteStore::note_wrong_passwords(UserId user, std::int32_t count, Millis since,
                                       Done<Unit> done) {
  write<Unit>(
      Job::Writes::kOne,
      [this, user, count, since] { return store::note_wrong_passwords(*db_, user, count, since); },
      std::move(done));
}

void SqliteStore::set_password(UserId user, std::string hash, Millis now, Done<Unit> done) {
  write<Unit>(
      Job::Writes::kOne,
      [this, user, h = std::move(hash), now] { return store::set_password(*db_, user, h, now); },
      std::move(done));
}

void SqliteStore::update_user(User user, Done<Unit> done) {
  write<Unit>(
      Job::Writes::kOne, [this, u = std::move(user)] { return store::update_user(*db_, u); },
      std::move(done));
}

void SqliteStore::erase_user(UserId user, Millis now, Done<std::vector<DeviceId>> done) {
  write<std::vector<DeviceId>>(
      Job::Writes::kSeveral,
      [this, user, now] {
        standings_.note_end(user);
        return store::erase_user(*db_, user, now);
      },
      std::move(done));
}

void SqliteStore::find_key(std::string hash, Done<std::optional<ApiKey>> done) {
  readers_.read<std::optional<ApiKey>>(
      [h = std::move(hash)](Connection& db) { return store::find_key(db, h); }, std::move(done));
}

}  // namespace linnet::store
