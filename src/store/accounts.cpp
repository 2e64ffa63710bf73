#include "accounts.hpp"

#include "erasure.hpp"

#include <algorithm>

namespace linnet::store {
namespace {

Result<UserId> find_by_phone(Connection& db, const std::string& phone_number) {
  Query query(db, "SELECT id FROM user WHERE phone_number = ?1", phone_number);
  UserId user;
  if (query.next()) user = query.id<UserId>(0);
  if (query.failed()) return query.error();
  return user;
}

// Without an id it is given the next that nobody has or had.
Result<UserId> insert_user(Connection& db, const User& made) {
  Query query(db,
              "INSERT INTO user (id, phone_number, nickname, sex, avatar_url, extra, created,"
              " updated) VALUES (CASE ?1 WHEN 0 THEN 1 + max("
              "ifnull((SELECT max(id) FROM user), 0), ifnull((SELECT max(id) FROM erased_user), 0))"
              " ELSE ?1 END, nullif(?2, ''), ?3, ?4, ?5, ?6, ?7, ?7) RETURNING id",
              made.id, made.phone_number, made.nickname, made.sex, made.avatar_url, made.extra,
              made.created);
  UserId user;
  while (query.next())
    user = query.id<UserId>(0);
  if (query.failed()) return query.error();
  return user;
}

}  // namespace

User user_of(const Query& row) {
  User user;
  user.id = row.id<UserId>(0);
  user.phone_number = row.text(1);
  user.nickname = row.text(2);
  user.sex = row.small(3);
  user.avatar_url = row.text(4);
  user.extra = row.text(5);
  user.created = row.id<Millis>(6);
  user.updated = row.id<Millis>(7);
  return user;
}

Status sign_out(Connection& db, UserId user, DeviceId device, Millis now) {
  auto unbound = Query(db,
                       "UPDATE device SET user_id = 0, updated = ?3, signed_out = ?3"
                       " WHERE id = ?1 AND user_id = ?2",
                       device, user, now)
                     .run();
  if (!unbound) return unbound;
  if (db.changes() == 0) return Error(ErrCode::kDeviceNotBindUser);
  return Query(db, "DELETE FROM token WHERE device_id = ?1", device).run();
}

namespace {

Result<std::vector<DeviceId>> exclude_others(Connection& db, UserId user, DeviceId own,
                                             const std::vector<std::int32_t>& types,
                                             std::size_t devices_per_user, Millis now) {
  std::vector<DeviceId> excluded;
  if (types.empty() && devices_per_user == 0) return excluded;
  auto devices = user_devices(db, user);
  if (!devices) return devices.take_error();
  std::erase_if(*devices, [&](const Device& device) { return device.id == own; });
  // Those that go come last: of a type that the new one excludes, or not seen for the longest.
  auto stay = std::stable_partition(devices->begin(), devices->end(), [&](const Device& device) {
    return std::find(types.begin(), types.end(), device.type) == types.end();
  });
  const auto most = static_cast<std::ptrdiff_t>(devices_per_user) - 1;
  if (devices_per_user > 0 && stay - devices->begin() > most) {
    std::stable_sort(devices->begin(), stay, [](const Device& a, const Device& b) {
      return std::max(a.seen, a.updated) > std::max(b.seen, b.updated);
    });
    stay = devices->begin() + most;
  }
  devices->erase(devices->begin(), stay);
  for (const auto& device : *devices) {
    auto out = sign_out(db, user, device.id, now);
    if (!out) return out.take_error();
    excluded.push_back(device.id);
  }
  return excluded;
}

Result<DeviceId> device_behind(Connection& db, DeviceId named, UserId user) {
  Query row(db, "SELECT id FROM device WHERE known_as = ?1 AND known_as != 0 AND owner = ?2", named,
            user);
  const auto device = row.next() ? row.id<DeviceId>(0) : DeviceId();
  if (row.failed()) return row.error();
  return device;
}

Result<DeviceId> make_device_behind(Connection& db, DeviceId named, UserId user, Millis now) {
  Query row(db,
            "INSERT INTO device (user_id, type, brand, model, system_version, sdk_version, created,"
            " updated, owner, known_as) SELECT 0, type, brand, model, system_version, sdk_version,"
            " ?3, ?3, ?2, ?1 FROM device WHERE id = ?1 RETURNING id",
            named, user, now);
  DeviceId device;
  while (row.next())
    device = row.id<DeviceId>(0);
  if (row.failed()) return row.error();
  return device;
}

// The user's when its client names that device: the device itself if it is the user's or nobody's
// yet, else one behind it.
Result<DeviceId> device_for(Connection& db, DeviceId named, UserId user, Millis now) {
  std::int64_t owner = 0;
  DeviceId known_as;
  {
    Query row(db, "SELECT owner, known_as FROM device WHERE id = ?1", named);
    if (!row.next()) return row.failed() ? row.error() : Error(ErrCode::kDeviceNotExist);
    owner = row.number(0);
    known_as = row.id<DeviceId>(1);
  }
  if (owner == user.value()) return named;
  if (owner == 0) {
    auto taken = Query(db, "UPDATE device SET owner = ?2 WHERE id = ?1", named, user).run();
    if (!taken) return taken.take_error();
    return named;
  }
  // None stands behind one that does so itself.
  if (known_as) return device_for(db, known_as, user, now);
  auto known = device_behind(db, named, user);
  if (!known || *known) return known;
  return make_device_behind(db, named, user, now);
}

// Who is on a device, and when somebody was signed out of it last.
struct Seat {
  UserId user;
  Millis signed_out;
};

// What was issued before a sign-out is good for nothing. A device on which nobody was ever signed
// out has none.
bool ended_before(const Binding& binding, Millis signed_out) {
  if (!signed_out.value()) return false;
  if (binding.exact) return binding.issued <= signed_out;
  return binding.issued.value() / 1000 < signed_out.value() / 1000;
}

Result<Seat> seat_of(Connection& db, DeviceId device) {
  Query row(db, "SELECT user_id, signed_out FROM device WHERE id = ?1", device);
  if (row.next()) return Seat{row.id<UserId>(0), row.id<Millis>(1)};
  if (row.failed()) return row.error();
  return Error(ErrCode::kDeviceNotExist);
}

// A password that was changed or removed since it was proved lets nobody in.
Status check_password(Connection& db, const SignIn& sign_in) {
  if (sign_in.password_hash.empty()) return success();
  auto password = get_password(db, sign_in.phone_number);
  if (!password) return password.take_error();
  if (!*password || (*password)->hash != sign_in.password_hash) return Error(ErrCode::kBadPassword);
  return success();
}

}  // namespace

Result<SignedIn> sign_in(Connection& db, const SignIn& sign_in, std::size_t devices_per_user) {
  auto proved = check_password(db, sign_in);
  if (!proved) return proved.take_error();
  auto user = find_by_phone(db, sign_in.phone_number);
  const bool created = user.ok() && !*user;
  if (created) {
    if (!sign_in.makes_user) return Error(ErrCode::kUserNotExist);
    User made;
    made.phone_number = sign_in.phone_number;
    made.nickname = sign_in.nickname_if_new;
    made.created = sign_in.now;
    user = insert_user(db, made);
  }
  if (!user) return user.take_error();
  auto device = device_for(db, sign_in.device, *user, sign_in.now);
  if (!device) return device.take_error();
  auto bound = Query(db, "UPDATE device SET user_id = ?2, updated = ?3 WHERE id = ?1", *device,
                     *user, sign_in.now)
                   .run();
  if (!bound) return bound.take_error();
  auto ended = Query(db, "DELETE FROM token WHERE device_id = ?1", *device).run();
  if (!ended) return ended.take_error();
  auto excluded =
      exclude_others(db, *user, *device, sign_in.exclusive_types, devices_per_user, sign_in.now);
  if (!excluded) return excluded.take_error();
  return SignedIn{*user, *device, created, std::move(*excluded)};
}

Result<Bound> bind_device(Connection& db, const Binding& binding, std::size_t devices_per_user) {
  auto device = device_for(db, binding.device, binding.user, binding.now);
  if (!device) return device.take_error();
  auto seat = seat_of(db, *device);
  if (!seat) return seat.take_error();
  if (ended_before(binding, seat->signed_out)) return Error(ErrCode::kUnauthorized);
  if (seat->user == binding.user) return Bound{*device, {}};
  auto known = get_user(db, binding.user);
  if (!known) return known.take_error();
  if (!*known) {
    auto erased = was_erased(db, binding.user);
    if (!erased) return erased.take_error();
    if (*erased) return Error(ErrCode::kUnauthorized);
    User made;
    made.id = binding.user;
    made.created = binding.now;
    auto id = insert_user(db, made);
    if (!id) return id.take_error();
  }
  auto bound = Query(db, "UPDATE device SET user_id = ?2, updated = ?3 WHERE id = ?1", *device,
                     binding.user, binding.now)
                   .run();
  if (!bound) return bound.take_error();
  auto excluded = exclude_others(db, binding.user, *device, {}, devices_per_user, binding.now);
  if (!excluded) return excluded.take_error();
  return Bound{*device, std::move(*excluded)};
}

Status extend_token(Connection& db, DeviceId device, const TokenRecord& token) {
  return Query(db, "UPDATE token SET expires = max(expires, ?3) WHERE device_id = ?1 AND hash = ?2",
               device, Blob{token.hash}, token.expires)
      .run();
}

Status set_token(Connection& db, DeviceId device, const TokenRecord& token) {
  Query owner(db, "SELECT user_id FROM device WHERE id = ?1", device);
  const bool bound = owner.next() && owner.id<UserId>(0) == token.user && token.user;
  if (owner.failed()) return owner.error();
  if (!bound) return Error(ErrCode::kDeviceNotBindUser);
  return Query(db,
               "INSERT OR REPLACE INTO token (device_id, user_id, hash, expires)"
               " VALUES (?1, ?2, ?3, ?4)",
               device, token.user, Blob{token.hash}, token.expires)
      .run();
}

Result<std::optional<TokenRecord>> get_token(Connection& db, DeviceId device) {
  Query row(db,
            "SELECT token.user_id, hash, expires, known_as FROM token JOIN device ON device.id ="
            " token.device_id WHERE token.device_id = ?1",
            device);
  std::optional<TokenRecord> found;
  if (row.next())
    found = TokenRecord{row.id<UserId>(0), row.text(1), row.id<Millis>(2), row.id<DeviceId>(3)};
  if (row.failed()) return row.error();
  return found;
}

Result<UserId> create_user(Connection& db, const User& user) {
  auto known = find_by_phone(db, user.phone_number);
  if (!known) return known;
  if (*known) return Error(ErrCode::kUserAlreadyExist);
  auto same = get_user(db, user.id);
  if (!same) return same.take_error();
  if (*same) return Error(ErrCode::kUserAlreadyExist);
  auto erased = was_erased(db, user.id);
  if (!erased) return erased.take_error();
  if (*erased) return Error(ErrCode::kUserAlreadyExist);
  return insert_user(db, user);
}

Result<std::optional<User>> get_user(Connection& db, UserId user) {
  Query row(db,
            "SELECT id, phone_number, nickname, sex, avatar_url, extra, created, updated"
            " FROM user WHERE id = ?1",
            user);
  std::optional<User> found;
  if (row.next()) found = user_of(row);
  if (row.failed()) return row.error();
  return found;
}

Result<std::vector<User>> get_users(Connection& db, const std::vector<UserId>& users) {
  std::vector<User> found;
  for (auto id : users) {
    auto user = get_user(db, id);
    if (!user) return user.take_error();
    if (*user) found.push_back(std::move(**user));
  }
  return found;
}

Status put_users(Connection& db, const std::vector<User>& users) {
  for (const auto& user : users) {
    auto put = Query(db,
                     "INSERT INTO user (id, nickname, sex, avatar_url, extra, created, updated)"
                     " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7"
                     " WHERE NOT EXISTS (SELECT 1 FROM erased_user WHERE id = ?1)"
                     " ON CONFLICT (id) DO UPDATE SET"
                     " nickname = ?2, sex = ?3, avatar_url = ?4, extra = ?5, created = ?6,"
                     " updated = ?7",
                     user.id, user.nickname, user.sex, user.avatar_url, user.extra, user.created,
                     user.updated)
                   .run();
    if (!put) return put;
  }
  return success();
}

Result<std::optional<User>> find_user(Connection& db, const std::string& phone_number,
                                      UserId seeker) {
  Query row(db,
            "SELECT id, phone_number, nickname, sex, avatar_url, extra, created, updated"
            " FROM user WHERE phone_number = ?1 AND id != ?2 AND NOT EXISTS"
            " (SELECT 1 FROM user_block WHERE user_id = user.id AND blocked_id = ?2) AND NOT EXISTS"
            " (SELECT 1 FROM user_block WHERE user_id = ?2 AND blocked_id = user.id)",
            phone_number, seeker);
  std::optional<User> found;
  if (row.next()) found = user_of(row);
  if (row.failed()) return row.error();
  return found;
}

Result<std::optional<Password>> get_password(Connection& db, const std::string& phone_number) {
  Query row(db,
            "SELECT user_id, hash, wrong, wrong_since FROM password WHERE user_id ="
            " (SELECT id FROM user WHERE phone_number = ?1)",
            phone_number);
  std::optional<Password> found;
  if (row.next()) found = Password{row.id<UserId>(0), row.text(1), row.small(2), row.id<Millis>(3)};
  if (row.failed()) return row.error();
  return found;
}

Status note_wrong_passwords(Connection& db, UserId user, std::int32_t count, Millis since) {
  return Query(db, "UPDATE password SET wrong = ?2, wrong_since = ?3 WHERE user_id = ?1", user,
               count, since)
      .run();
}

Status set_password(Connection& db, UserId user, const std::string& hash, Millis now) {
  auto known = get_user(db, user);
  if (!known) return known.take_error();
  if (!*known) return Error(ErrCode::kUserNotExist);
  if (hash.empty()) return Query(db, "DELETE FROM password WHERE user_id = ?1", user).run();
  return Query(db,
               "INSERT INTO password (user_id, hash, updated) VALUES (?1, ?2, ?3)"
               " ON CONFLICT (user_id) DO UPDATE SET hash = ?2, updated = ?3",
               user, hash, now)
      .run();
}

Status update_user(Connection& db, const User& user) {
  auto updated = Query(db,
                       "UPDATE user SET nickname = ?2, sex = ?3, avatar_url = ?4, extra = ?5,"
                       " updated = ?6 WHERE id = ?1",
                       user.id, user.nickname, user.sex, user.avatar_url, user.extra, user.updated)
                     .run();
  if (!updated) return updated;
  if (db.changes() == 0) return Error(ErrCode::kUserNotExist);
  return success();
}

}  // namespace linnet::store
