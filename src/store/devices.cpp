// Devices in their table: made, found, listed.
#include "accounts.hpp"

#include <chrono>

namespace linnet::store {
namespace {

constexpr std::chrono::milliseconds kUnusedFor = std::chrono::hours(24 * 30);

Device device_of(const Query& row) {
  Device device;
  device.id = row.id<DeviceId>(0);
  device.user = row.id<UserId>(1);
  device.type = row.small(2);
  device.brand = row.text(3);
  device.model = row.text(4);
  device.system_version = row.text(5);
  device.sdk_version = row.text(6);
  device.created = row.id<Millis>(7);
  device.updated = row.id<Millis>(8);
  device.seen = row.id<Millis>(9);
  return device;
}

// Each that is registered takes two along that were registered long ago and never used: so
// anybody's registrations do not pile up. The newest stays, so that no id is given twice.
Status forget_unused(Connection& db, Millis now) {
  return Query(db,
               "DELETE FROM device WHERE id IN (SELECT id FROM device WHERE owner = 0"
               " AND created < ?1 AND seen = 0 AND signed_out = 0 AND id < (SELECT max(id) FROM "
               "device) ORDER BY created LIMIT 2)",
               Millis(now.value() - kUnusedFor.count()))
      .run();
}

}  // namespace

Result<DeviceId> create_device(Connection& db, const Device& device) {
  auto forgotten = forget_unused(db, device.created);
  if (!forgotten) return forgotten.take_error();
  Query query(db,
              "INSERT INTO device (user_id, type, brand, model, system_version, sdk_version,"
              " created, updated) VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
              device.type, device.brand, device.model, device.system_version, device.sdk_version,
              device.created, device.updated);
  DeviceId id;
  while (query.next())
    id = query.id<DeviceId>(0);
  if (query.failed()) return query.error();
  return id;
}

Result<std::optional<Device>> get_device(Connection& db, DeviceId device) {
  Query row(db,
            "SELECT id, user_id, type, brand, model, system_version, sdk_version, created, updated,"
            " seen FROM device WHERE id = ?1",
            device);
  std::optional<Device> found;
  if (row.next()) found = device_of(row);
  if (row.failed()) return row.error();
  return found;
}

Result<std::vector<Device>> user_devices(Connection& db, UserId user) {
  std::vector<Device> devices;
  Query row(db,
            "SELECT id, user_id, type, brand, model, system_version, sdk_version, created, updated,"
            " seen FROM device WHERE user_id = ?1 AND user_id != 0 ORDER BY id",
            user);
  while (row.next())
    devices.push_back(device_of(row));
  if (row.failed()) return row.error();
  return devices;
}

Status set_seen(Connection& db, DeviceId device, Millis now) {
  // An erased user's connections end after it has gone.
  return Query(db, "UPDATE device SET seen = max(seen, ?2) WHERE id = ?1 AND owner != -1", device,
               now)
      .run();
}

}  // namespace linnet::store
