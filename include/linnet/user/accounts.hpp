// Accounts of the built-in user system: sign-in by code, tokens, profiles.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/base/log.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/identity.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace pb {
class GetUserReq;
class GetUserResp;
class SignInReq;
class SignInResp;
class UpdateUserReq;
class UpdateUserResp;
}  // namespace pb

namespace linnet::user {

struct AccountOptions {
  std::string fixed_code;  // accepted beside the printed one; empty: none
  std::chrono::hours token_life{90 * 24};
  bool limit_failures = true;  // of codes, per phone number
  int failures_per_minute = 10;
};

class CodeBook;

// Thread: any. Every function is one call of pb.UserExt; the caller's values outlive the awaiting.
class Accounts final : public Authenticator {
 public:
  Accounts(store::AccountStore& store, const Clock& clock, Logger& log, AccountOptions options);
  ~Accounts() override;

  // The code that development mode accepts for every number; printed at start.
  const std::string& development_code() const;

  // Errors: kBadRequest (phone number), kBadCode, kRateLimited (too many wrong codes),
  // kDeviceNotExist.
  Async<pb::SignInResp> sign_in(const Caller& caller, const pb::SignInReq& request);
  // Errors: kUserNotExist.
  Async<pb::GetUserResp> get_user(const Caller& caller, const pb::GetUserReq& request);
  // Errors: kBadRequest (a field is too long).
  Async<pb::UpdateUserResp> update_user(const Caller& caller, const pb::UpdateUserReq& request);

  void authenticate(Credentials credentials, Done<Identity> done) override;

 private:
  class Tokens;
  store::AccountStore& store_;
  const Clock& clock_;
  Logger& log_;
  AccountOptions options_;
  std::unique_ptr<CodeBook> codes_;
  std::unique_ptr<Tokens> tokens_;
};

}  // namespace linnet::user
