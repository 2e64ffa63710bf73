// What the operator's own servers do, with an API key: rights between users are not asked.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/logic/devices.hpp"
#include "linnet/logic/groups.hpp"
#include "linnet/router/router.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/accounts.hpp"
#include "linnet/user/identity.hpp"

namespace pb {
class CreateUserReq;
class CreateUserResp;
class GetOnlineReq;
class GetOnlineResp;
class KickDeviceReq;
class KickDeviceResp;
class MakeGroupReq;
class MakeGroupResp;
}  // namespace pb

namespace linnet::logic {

// Thread: any.
class Backend {
 public:
  Backend(store::Store& store, user::Accounts& accounts, Devices& devices, router::Router& router,
          const Clock& clock, GroupOptions groups)
      : store_(store),
        accounts_(accounts),
        devices_(devices),
        router_(router),
        clock_(clock),
        groups_(groups) {}

  // Error: kDeviceNotExist.
  Async<pb::GetDeviceResp> get_device(const user::Caller& caller, const pb::GetDeviceReq& request);
  // Errors: kDeviceNotExist, kDeviceNotBindUser (nobody is signed in on it).
  Async<pb::KickDeviceResp> kick_device(const user::Caller& caller,
                                        const pb::KickDeviceReq& request);
  // Error: kBadRequest (too many).
  Async<pb::GetOnlineResp> get_online(const user::Caller& caller, const pb::GetOnlineReq& request);
  // Errors: kBadRequest, kUserAlreadyExist.
  Async<pb::CreateUserResp> create_user(const user::Caller& caller,
                                        const pb::CreateUserReq& request);
  // Errors: kBadRequest, kUserNotExist, kGroupFull.
  Async<pb::MakeGroupResp> make_group(const user::Caller& caller, const pb::MakeGroupReq& request);

 private:
  Async<store::Device> find_device(DeviceId device);

  store::Store& store_;
  user::Accounts& accounts_;
  Devices& devices_;
  router::Router& router_;
  const Clock& clock_;
  GroupOptions groups_;
};

}  // namespace linnet::logic
