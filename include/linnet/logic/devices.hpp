// Devices: an id per installation, kept for ever by the client; who is signed in on it, and whether
// it is connected.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/router/router.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/accounts.hpp"
#include "linnet/user/identity.hpp"

namespace pb {
class Device;
class GetDeviceReq;
class GetDeviceResp;
class ListDevicesReq;
class ListDevicesResp;
class RegisterDeviceReq;
class RegisterDeviceResp;
class RevokeDeviceReq;
class RevokeDeviceResp;
class SignOutReq;
class SignOutResp;
}  // namespace pb

namespace linnet::logic {

// Thread: any.
class Devices {
 public:
  Devices(store::AccountStore& store, user::Accounts& accounts, router::Router& router,
          const Clock& clock)
      : store_(store), accounts_(accounts), router_(router), clock_(clock) {}

  // Errors: kBadRequest (a field is missing or too long).
  Async<pb::RegisterDeviceResp> register_device(const user::Caller& caller,
                                                const pb::RegisterDeviceReq& request);
  // Its token is good no longer, and its connection ends.
  Async<pb::SignOutResp> sign_out(const user::Caller& caller, const pb::SignOutReq& request);
  // Error: kDeviceNotExist (not one of the caller's).
  Async<pb::RevokeDeviceResp> revoke(const user::Caller& caller,
                                     const pb::RevokeDeviceReq& request);
  Async<pb::ListDevicesResp> list(const user::Caller& caller, const pb::ListDevicesReq& request);
  // Error: kDeviceNotExist (not one of the caller's).
  Async<pb::GetDeviceResp> get(const user::Caller& caller, const pb::GetDeviceReq& request);

  // The device was connected until now.
  void seen(DeviceId device);

  // As clients see it, with whether it is connected.
  pb::Device describe(const store::Device& device) const;

 private:
  store::AccountStore& store_;
  user::Accounts& accounts_;
  router::Router& router_;
  const Clock& clock_;
};

}  // namespace linnet::logic
