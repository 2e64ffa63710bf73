#include "linnet/logic/devices.hpp"

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

}  // namespace linnet::logic
