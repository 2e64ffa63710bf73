// Accounts: sign-in by code or password, tokens, profiles; or users of the operator's own system,
// who bring tokens of that and have a profile here from the first one on.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/bounded_cache.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/base/log.hpp"
#include "linnet/base/refusals.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/directory.hpp"
#include "linnet/user/identity.hpp"
#include "linnet/user/options.hpp"

#include <functional>
#include <memory>
#include <string>

namespace pb {
class AuthReq;
class AuthResp;
class GetUsersReq;
class GetUsersResp;
class GetUserReq;
class GetUserResp;
class SearchUserReq;
class SearchUserResp;
class SendCodeReq;
class SendCodeResp;
class SetPasswordReq;
class SetPasswordResp;
class SignInByPasswordReq;
class SignInReq;
class SignInResp;
class UpdateUserReq;
class UpdateUserResp;
}  // namespace pb

namespace linnet::user {

class CodeBook;
class RefusalLog;
class TokenGuard;

// Thread: any. Every function is one call of pb.UserExt; the caller's values outlive the awaiting.
// What only a user system does is kNotOffered where it is the operator's.
class Accounts final : public Authenticator, public Directory {
 public:
  // `http` carries what goes to hooks, and outlives this; null only where no hook is configured.
  // Wrong codes, passwords and tokens are counted in `refusals`, if there are any, and what was
  // refused for their sake.
  Accounts(store::AccountStore& store, const Clock& clock, Logger& log, AccountOptions options,
           HttpClient* http = nullptr, Refusals* refusals = nullptr);
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
  // Errors: kNotOffered, kBadRequest, kBadPassword (also for a number that is nobody's),
  // kRateLimited (too many wrong ones, for the number or from the address), kDeviceNotExist,
  // kServerBusy.
  Async<pb::SignInResp> sign_in_by_password(const Caller& caller,
                                            const pb::SignInByPasswordReq& request);
  // Errors: kNotOffered, kBadRequest (its length), kBadPassword or kBadCode (what is to prove the
  // caller), kRateLimited, kServerBusy.
  Async<pb::SetPasswordResp> set_password(const Caller& caller, const pb::SetPasswordReq& request);
  // Errors: kNotOffered, kBadRequest (phone number).
  Async<pb::SearchUserResp> search_user(const Caller& caller, const pb::SearchUserReq& request);
  // Errors: kUserNotExist.
  Async<pb::GetUserResp> get_user(const Caller& caller, const pb::GetUserReq& request);
  // Errors: kBadRequest (a field is too long), kNotOffered (profiles are those of another system).
  Async<pb::UpdateUserResp> update_user(const Caller& caller, const pb::UpdateUserReq& request);

  // Of pb.UserInt. Error: kUnauthorized.
  Async<pb::AuthResp> auth(const Caller& caller, const pb::AuthReq& request);
  // Error: kBadRequest (too many).
  Async<pb::GetUsersResp> get_users(const Caller& caller, const pb::GetUsersReq& request);

  // A user made by the operator's own server, with an id where the user system is the operator's.
  // Errors: kBadRequest, kUserAlreadyExist.
  Async<UserId> create_user(store::User user);
  // Ends the token of `device` and binds it to nobody. Error: kDeviceNotBindUser (it is another's).
  Async<Unit> sign_out(UserId user, DeviceId device);
  // Whether the caller has its user's password, or a code that was sent to its number: a token that
  // was stolen is not enough. Errors: kNotOffered, kBadPassword, kBadCode, kRateLimited.
  Async<Unit> prove(const Caller& caller, std::string password, std::string code);
  // Ends a user, who is in no group any more, and with it all its tokens: connections end before
  // anything that is committed later can reach them. Errors: kUserNotExist, kServerBusy (it is in a
  // group).
  Async<Unit> erase(UserId user);

  void authenticate(Credentials credentials, Done<Identity> done) override;
  void confirm(Identity identity, Done<Identity> done) override;
  void look_up(std::vector<UserId> users, Done<Unit> done) override;

  // Ends the threads. What is under way completes before. Thread: the owner's.
  void close();

 private:
  class Tokens;
  class Outside;
  struct Passwords;
  std::unique_ptr<Outside> open_outside();
  Async<Unit> know(std::vector<UserId> users);
  Async<Unit> deliver(const std::string& phone_number, const std::string& code);
  Async<pb::SignInResp> admit(store::SignIn proved);
  Async<store::SignIn> describe(store::SignIn sign_in);
  Async<store::Device> find_device(DeviceId device);
  Async<Unit> verify_code(const Caller& caller, const std::string& number, const std::string& code);
  Async<store::Password> stored_password(const std::string& number);
  Async<Unit> check_password(const Caller& caller, const std::string& number,
                             const store::Password& stored, const std::string& password);
  void note_wrong_password(const std::string& number, UserId user);
  Async<Unit> may_set_password(const Caller& caller, const std::string& number,
                               const pb::SetPasswordReq& request);
  void end_token(DeviceId device, ErrCode why);

  store::AccountStore& store_;
  const Clock& clock_;
  Logger& log_;
  AccountOptions options_;
  HttpClient* http_;
  std::unique_ptr<CodeBook> codes_;
  std::unique_ptr<RefusalLog> wrong_codes_;
  std::unique_ptr<RefusalLog> wrong_passwords_;
  std::unique_ptr<TokenGuard> guard_;
  std::unique_ptr<Tokens> tokens_;
  std::unique_ptr<Outside> outside_;      // null: users sign in here
  std::unique_ptr<Passwords> passwords_;  // null: there are none
  Revoked revoked_;
  BoundedCache<DeviceId, ErrCode> ended_;  // why the devices signed out lately were
};

}  // namespace linnet::user
