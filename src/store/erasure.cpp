#include "erasure.hpp"

#include "accounts.hpp"

#include <array>

namespace linnet::store {
namespace {

constexpr std::array<const char*, 8> kTraces{
    "DELETE FROM password WHERE user_id = ?1",      "DELETE FROM friend WHERE user_id = ?1",
    "DELETE FROM friend WHERE friend_id = ?1",      "DELETE FROM user_block WHERE user_id = ?1",
    "DELETE FROM user_block WHERE blocked_id = ?1", "DELETE FROM join_request WHERE user_id = ?1",
    "DELETE FROM room_user WHERE user_id = ?1",     "DELETE FROM device_ack WHERE user_id = ?1",
};

Status check_in_no_group(Connection& db, UserId user) {
  Query row(db, "SELECT 1 FROM group_member WHERE user_id = ?1 LIMIT 1", user);
  const bool found = row.next();
  if (row.failed()) return row.error();
  if (found)
    return Error(ErrCode::kServerBusy, "the user came into a group at this moment; try again");
  return success();
}

Result<std::vector<DeviceId>> sign_out_everywhere(Connection& db, UserId user, Millis now) {
  auto devices = user_devices(db, user);
  if (!devices) return devices.take_error();
  std::vector<DeviceId> ended;
  for (const auto& device : *devices) {
    auto out = sign_out(db, user, device.id, now);
    if (!out) return out.take_error();
    ended.push_back(device.id);
  }
  return ended;
}

}  // namespace

Result<bool> was_erased(Connection& db, UserId user) {
  Query row(db, "SELECT 1 FROM erased_user WHERE id = ?1", user);
  const bool found = row.next();
  if (row.failed()) return row.error();
  return found;
}

Result<std::vector<DeviceId>> erase_user(Connection& db, UserId user, Millis now) {
  auto in_none = check_in_no_group(db, user);
  if (!in_none) return in_none.take_error();
  auto gone = Query(db, "DELETE FROM user WHERE id = ?1", user).run();
  if (!gone) return gone.take_error();
  if (db.changes() == 0) return Error(ErrCode::kUserNotExist);
  auto noted = Query(db, "INSERT INTO erased_user (id, erased) VALUES (?1, ?2)", user, now).run();
  if (!noted) return noted.take_error();
  for (const auto* trace : kTraces) {
    auto removed = Query(db, trace, user).run();
    if (!removed) return removed.take_error();
  }
  auto devices = sign_out_everywhere(db, user, now);
  if (!devices) return devices;
  // Nobody else's: what it sent from there is known by its devices' request ids. The type stays for
  // those who sign in with the device's id and get one behind it.
  auto disowned =
      Query(db,
            "UPDATE device SET owner = -1, known_as = 0, brand = '', model = '',"
            " system_version = '', sdk_version = '', created = 0, updated = 0, seen = 0,"
            " signed_out = 0 WHERE owner = ?1",
            user)
          .run();
  if (!disowned) return disowned.take_error();
  return devices;
}

}  // namespace linnet::store
