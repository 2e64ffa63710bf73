// Devices: registering, listing, signing out, and who is online.
#include "linnet/logic/devices.hpp"

#include "logic_kit.hpp"
#include "pb/device.pb.h"

using namespace linnet;
using namespace linnet::logic;

namespace {

struct DeviceFixture : Fixture {
  DeviceFixture() {
    accounts.on_revoked([this](DeviceId device, ErrCode why) { router.dismiss(device, why); });
  }
  Result<pb::RevokeDeviceResp> revoke(const user::Caller& caller, DeviceId device) {
    pb::RevokeDeviceReq request;
    request.set_device_id(device.value());
    return test::run(devices.revoke(caller, request));
  }
  Result<pb::GetDeviceResp> get(const user::Caller& caller, DeviceId device) {
    pb::GetDeviceReq request;
    request.set_device_id(device.value());
    return test::run(devices.get(caller, request));
  }

  Logger log{LogLevel::kOff};
  user::Accounts accounts{store, clock, log, user::AccountOptions()};
  Devices devices{store, accounts, router, clock};
};

}  // namespace

TEST_CASE_METHOD(DeviceFixture, "one sees the own devices, and which of them are connected") {
  const auto own = callers[0].identity.device;
  router.devices_online.insert(own);
  auto list = test::run(devices.list(callers[0], pb::ListDevicesReq()));
  REQUIRE(list->devices_size() == 1);
  CHECK(list->devices(0).device_id() == own.value());
  CHECK(list->devices(0).status() == 1);
  CHECK(list->devices(0).last_seen() == clock.wall().value());

  router.devices_online.clear();
  devices.seen(own);
  const auto seen = clock.wall().value();
  clock.pass(std::chrono::hours(1));
  auto one = get(callers[0], own);
  REQUIRE(one);
  CHECK(one->device().status() == 0);
  CHECK(one->device().last_seen() == seen);
  CHECK(get(callers[1], own).code() == ErrCode::kDeviceNotExist);
  CHECK(get(callers[0], DeviceId(999)).code() == ErrCode::kDeviceNotExist);
}

TEST_CASE_METHOD(DeviceFixture,
                 "a device is signed out by its user alone, and its connection ends") {
  const auto own = callers[0].identity.device;
  CHECK(revoke(callers[1], own).code() == ErrCode::kDeviceNotExist);
  CHECK(router.dismissals.empty());
  CHECK(revoke(callers[0], own));
  CHECK(router.dismissals == Pairs{{own.value(), static_cast<std::int64_t>(ErrCode::kSignedOut)}});
  CHECK(test::run(devices.list(callers[0], pb::ListDevicesReq()))->devices_size() == 0);
  CHECK(revoke(callers[0], own).code() == ErrCode::kDeviceNotExist);

  router.dismissals.clear();
  CHECK(test::run(devices.sign_out(callers[1], pb::SignOutReq())));
  CHECK(router.dismissals.size() == 1);
}

TEST_CASE_METHOD(DeviceFixture, "friends see whether one is online") {
  make_friends();
  router.users_online.insert(id(1));
  auto list = test::run(friends.get_friends(callers[0], pb::GetFriendsReq()));
  REQUIRE(list->friends_size() == 1);
  CHECK(list->friends(0).online());
}
