// The end of a user: it leaves its groups as anybody does, and is then erased with all that is its
// own, in one transaction.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/router/router.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/accounts.hpp"

namespace pb {
class EraseUserReq;
class EraseUserResp;
class RemoveUserReq;
class RemoveUserResp;
}  // namespace pb

namespace linnet::logic {

// Thread: any.
class Erasure {
 public:
  Erasure(store::Store& store, user::Accounts& accounts, router::Router& router, const Clock& clock)
      : store_(store), accounts_(accounts), router_(router), clock_(clock) {}

  // The caller itself, who proves once more who it is. Errors: kNotOffered, kBadPassword, kBadCode,
  // kRateLimited, kServerBusy (it came into a group meanwhile).
  Async<pb::EraseUserResp> erase_self(const user::Caller& caller, const pb::EraseUserReq& request);
  // Anybody, by the operator's server. Errors: kUserNotExist, kServerBusy.
  Async<pb::RemoveUserResp> remove(const user::Caller& caller, const pb::RemoveUserReq& request);

 private:
  Async<Unit> erase(UserId user);
  Async<Unit> leave_groups(UserId user);
  Async<Unit> leave(const store::Membership& membership, const store::User& user);
  Async<UserId> successor(GroupId group, UserId owner);

  store::Store& store_;
  user::Accounts& accounts_;
  router::Router& router_;
  const Clock& clock_;
};

}  // namespace linnet::logic
