// Accounts of the built-in user system: sign-in by code, tokens, profiles.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/base/log.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/http_client.hpp"
#include "linnet/user/identity.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pb {
class AuthReq;
class AuthResp;
class GetUsersReq;
class GetUsersResp;
class GetUserReq;
class GetUserResp;
class SendCodeReq;
class SendCodeResp;
class SignInReq;
class SignInResp;
class UpdateUserReq;
class UpdateUserResp;
}  // namespace pb

namespace linnet::user {

// How many devices of a user may be signed in at once. The classes: mobile (Android, iOS), desktop
// (Windows, macOS), web.
enum class DevicePolicy { kAny, kPerType, kPerClass, kSingle };

struct AccountOptions {
  std::string fixed_code;  // accepted beside the printed one; empty: none
  std::chrono::hours token_life{90 * 24};
  bool limit_failures = true;    // of codes, and how often they are sent
  int failures_per_minute = 10;  // per phone number
  DevicePolicy device_policy = DevicePolicy::kAny;
  int all_failures_per_minute = 1000;  // of all phone numbers together
  // Where codes are delivered; nothing: development mode, where nobody is sent any.
  std::optional<Url> code_hook;
  std::string hook_secret{};
};

class CodeBook;

// Thread: any. Every function is one call of pb.UserExt; the caller's values outlive the awaiting.
class Accounts final : public Authenticator {
 public:
  // `http` carries what goes to hooks, and outlives this; null only where no hook is configured.
  Accounts(store::AccountStore& store, const Clock& clock, Logger& log, AccountOptions options,
           HttpClient* http = nullptr);
  ~Accounts() override;

  // Told when a device's token ends before its time: kSignedOut, or kDeviceExcluded (by the device
  // policy). Called after the end, on any thread. To be set before the first call.
  using Revoked = std::function<void(DeviceId, ErrCode)>;
  void on_revoked(Revoked revoked) { revoked_ = std::move(revoked); }

  // The code that development mode accepts for every number, printed at start; empty outside of it.
  const std::string& development_code() const;

  // Has a code delivered to the number. Errors: kBadRequest (phone number), kRateLimited (too soon
  // or too often), kCodeNotSent, kServerBusy.
  Async<pb::SendCodeResp> send_code(const Caller& caller, const pb::SendCodeReq& request);
  // Errors: kBadRequest (phone number), kBadCode, kRateLimited (too many wrong codes),
  // kDeviceNotExist.
  Async<pb::SignInResp> sign_in(const Caller& caller, const pb::SignInReq& request);
  // Errors: kUserNotExist.
  Async<pb::GetUserResp> get_user(const Caller& caller, const pb::GetUserReq& request);
  // Errors: kBadRequest (a field is too long).
  Async<pb::UpdateUserResp> update_user(const Caller& caller, const pb::UpdateUserReq& request);

  // Of pb.UserInt. Error: kUnauthorized.
  Async<pb::AuthResp> auth(const Caller& caller, const pb::AuthReq& request);
  // Error: kBadRequest (too many).
  Async<pb::GetUsersResp> get_users(const Caller& caller, const pb::GetUsersReq& request);

  // A user made by the operator's own server. Errors: kBadRequest, kUserAlreadyExist.
  Async<UserId> create_user(store::User user);
  // Ends the token of `device` and binds it to nobody. Error: kDeviceNotBindUser (it is another's).
  Async<Unit> sign_out(UserId user, DeviceId device);

  void authenticate(Credentials credentials, Done<Identity> done) override;

 private:
  class Tokens;
  Async<Unit> deliver(const std::string& phone_number, const std::string& code);
  Async<store::SignIn> describe(const pb::SignInReq& request);
  void end_token(DeviceId device, ErrCode why);

  store::AccountStore& store_;
  const Clock& clock_;
  Logger& log_;
  AccountOptions options_;
  HttpClient* http_;
  std::unique_ptr<CodeBook> codes_;
  std::unique_ptr<Tokens> tokens_;
  Revoked revoked_;
};

}  // namespace linnet::user
