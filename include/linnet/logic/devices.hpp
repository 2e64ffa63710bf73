// Devices: an id per installation, kept for ever by the client.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/identity.hpp"

namespace pb {
class RegisterDeviceReq;
class RegisterDeviceResp;
}  // namespace pb

namespace linnet::logic {

// Thread: any.
class Devices {
 public:
  Devices(store::AccountStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Errors: kBadRequest (a field is missing or too long).
  Async<pb::RegisterDeviceResp> register_device(const user::Caller& caller,
                                                const pb::RegisterDeviceReq& request);

 private:
  store::AccountStore& store_;
  const Clock& clock_;
};

}  // namespace linnet::logic
