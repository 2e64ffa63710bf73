#include "linnet/logic/devices.hpp"

#include "pb/device.pb.h"
#include "pb/logic.ext.pb.h"

namespace linnet::logic {
namespace {

constexpr std::size_t kFieldBytes = 128;
constexpr std::int32_t kLastDeviceType = 5;

Status check(const pb::RegisterDeviceReq& request) {
  if (request.type() < 1 || request.type() > kLastDeviceType)
    return Error(ErrCode::kBadRequest, "type: 1 Android, 2 iOS, 3 Windows, 4 macOS or 5 Web");
  for (const auto* field :
       {&request.brand(), &request.model(), &request.system_version(), &request.sdk_version()}) {
    if (field->empty() || field->size() > kFieldBytes)
      return Error(ErrCode::kBadRequest,
                   "brand, model, system_version and sdk_version: 1 to 128 bytes each");
  }
  return success();
}

}  // namespace

Async<pb::RegisterDeviceResp> Devices::register_device(const user::Caller&,
                                                       const pb::RegisterDeviceReq& request) {
  auto checked = check(request);
  if (!checked) co_return checked.take_error();
  store::Device device;
  device.type = request.type();
  device.brand = request.brand();
  device.model = request.model();
  device.system_version = request.system_version();
  device.sdk_version = request.sdk_version();
  device.created = clock_.wall();
  device.updated = device.created;
  auto id = co_await wait_for<DeviceId>(
      [&](Done<DeviceId> done) { store_.create_device(device, std::move(done)); });
  if (!id) co_return id.take_error();
  pb::RegisterDeviceResp response;
  response.set_device_id(id->value());
  co_return response;
}

Async<pb::SignOutResp> Devices::sign_out(const user::Caller& caller, const pb::SignOutReq&) {
  auto out = co_await accounts_.sign_out(caller.identity.user, caller.identity.device);
  // Signed out by another at the same moment: the token was good, and is no longer.
  if (out.code() == ErrCode::kDeviceNotBindUser) co_return Error(ErrCode::kUnauthorized);
  if (!out) co_return out.take_error();
  co_return pb::SignOutResp();
}

Async<pb::RevokeDeviceResp> Devices::revoke(const user::Caller& caller,
                                            const pb::RevokeDeviceReq& request) {
  auto out = co_await accounts_.sign_out(caller.identity.user, DeviceId(request.device_id()));
  // Whether the device is somebody else's is nobody's business.
  if (out.code() == ErrCode::kDeviceNotBindUser) co_return Error(ErrCode::kDeviceNotExist);
  if (!out) co_return out.take_error();
  co_return pb::RevokeDeviceResp();
}

Async<pb::ListDevicesResp> Devices::list(const user::Caller& caller, const pb::ListDevicesReq&) {
  auto found =
      co_await wait_for<std::vector<store::Device>>([&](Done<std::vector<store::Device>> done) {
        store_.user_devices(caller.identity.user, std::move(done));
      });
  if (!found) co_return found.take_error();
  pb::ListDevicesResp response;
  for (const auto& device : *found)
    *response.add_devices() = describe(device);
  co_return response;
}

Async<pb::GetDeviceResp> Devices::get(const user::Caller& caller, const pb::GetDeviceReq& request) {
  auto found =
      co_await wait_for<std::optional<store::Device>>([&](Done<std::optional<store::Device>> done) {
        store_.get_device(DeviceId(request.device_id()), std::move(done));
      });
  if (!found) co_return found.take_error();
  if (!*found || (*found)->user != caller.identity.user) co_return Error(ErrCode::kDeviceNotExist);
  pb::GetDeviceResp response;
  *response.mutable_device() = describe(**found);
  co_return response;
}

pb::Device Devices::describe(const store::Device& device) const {
  const bool online = router_.online(device.id);
  pb::Device made;
  made.set_device_id(device.id.value());
  made.set_user_id(device.user.value());
  made.set_type(device.type);
  made.set_brand(device.brand);
  made.set_model(device.model);
  made.set_system_version(device.system_version);
  made.set_sdk_version(device.sdk_version);
  made.set_status(online ? 1 : 0);
  made.set_create_time(device.created.value() / 1000);
  made.set_update_time(device.updated.value() / 1000);
  made.set_last_seen(online ? clock_.wall().value() : device.seen.value());
  return made;
}

void Devices::seen(DeviceId device) {
  // Lost when the store is busy or stops: it says a little less then.
  Done<Unit> ignored = [](const Result<Unit>&) {};
  store_.set_seen(device, clock_.wall(), std::move(ignored));
}

}  // namespace linnet::logic
