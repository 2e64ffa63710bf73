// Accounts: the calls about passwords.
#include "codes.hpp"
#include "passwords.hpp"
#include "pb/user.ext.pb.h"
#include "phone_number.hpp"
#include "refusal_log.hpp"

#include "linnet/user/accounts.hpp"

namespace linnet::user {
namespace {

constexpr std::size_t kShortest = 8;
constexpr std::size_t kLongestPassword = 256;
constexpr std::chrono::milliseconds kJustSignedIn = std::chrono::minutes(10);

Error not_offered() {
  return Error(ErrCode::kNotOffered, "this server has no passwords");
}

Error too_many_at_once() {
  return Error(ErrCode::kRateLimited, "too many passwords at once; wait for those before");
}

std::string of_number(const std::string& number) {
  return "number " + number;
}

std::string of_user(UserId user) {
  return "user " + std::to_string(user.value());
}

// Gives the share back when the hash is done, not when its caller gets to run again.
template <class T>
Done<T> leaving(Shares& shares, const std::string& address, const std::string& whose,
                Done<T> done) {
  return [&shares, address, whose, done = std::move(done)](Result<T> result) mutable {
    shares.leave(address, whose);
    done(std::move(result));
  };
}

}  // namespace

// `stored.hash` empty: the number has no password, or is nobody's. Both are answered alike and as
// late as a wrong password.
Async<Unit> Accounts::check_password(const Caller& caller, const std::string& number,
                                     const store::Password& stored, const std::string& password) {
  if (!passwords_->by_address.take(caller.address)) {
    wrong_passwords_->note(caller.address, ErrCode::kRateLimited);
    co_return Error(ErrCode::kRateLimited, "too many wrong passwords; wait a minute");
  }
  const Tries::Noted before{stored.wrong, stored.wrong_since};
  if (!passwords_->by_number.take(number, before)) {
    passwords_->by_address.give_back(caller.address);
    wrong_passwords_->note(caller.address, ErrCode::kRateLimited);
    co_return Error(ErrCode::kRateLimited,
                    "too many wrong passwords for this number; wait a minute");
  }
  const auto whose = of_number(number);
  if (!passwords_->shares.enter(caller.address, whose, Passwords::kShare)) {
    passwords_->by_address.give_back(caller.address);
    passwords_->by_number.give_back(number);
    wrong_passwords_->note(caller.address, ErrCode::kRateLimited);
    co_return too_many_at_once();
  }
  auto right = co_await wait_for<Unit>([&](Done<Unit> done) {
    passwords_->workers.verify(stored.hash, password,
                               leaving(passwords_->shares, caller.address, whose, std::move(done)));
  });
  if (right.code() != ErrCode::kBadPassword) {
    passwords_->by_address.give_back(caller.address);
    passwords_->by_number.give_back(number);
  } else {
    wrong_passwords_->note(caller.address, ErrCode::kBadPassword);
    if (stored.user) note_wrong_password(number, stored.user);
  }
  co_return right;
}

// Nobody waits for it: the answer comes no later than for a number that has none. Numbers without a
// password cost no write.
void Accounts::note_wrong_password(const std::string& number, UserId user) {
  const auto noted = passwords_->by_number.note(number);
  if (noted)
    store_.note_wrong_passwords(user, noted->count, noted->since, [](const Result<Unit>&) {});
}

Async<store::Password> Accounts::stored_password(const std::string& number) {
  using Found = std::optional<store::Password>;
  auto found = co_await wait_for<Found>(
      [&](Done<Found> done) { store_.get_password(number, std::move(done)); });
  if (!found) co_return found.take_error();
  if (!*found) co_return store::Password();
  co_return std::move(**found);
}

Async<pb::SignInResp> Accounts::sign_in_by_password(const Caller& caller,
                                                    const pb::SignInByPasswordReq& request) {
  if (!passwords_) co_return not_offered();
  const auto& number = request.phone_number();
  if (!is_phone_number(number)) co_return no_phone_number();
  if (request.device_id() < 1)
    co_return Error(ErrCode::kBadRequest, "device_id: the one that RegisterDevice gave");
  if (request.password().size() > kLongestPassword) co_return Error(ErrCode::kBadPassword);
  auto stored = co_await stored_password(number);
  if (!stored) co_return stored.take_error();
  auto right = co_await check_password(caller, number, *stored, request.password());
  if (!right) co_return right.take_error();
  store::SignIn proved;
  proved.phone_number = number;
  proved.device = DeviceId(request.device_id());
  proved.makes_user = false;
  proved.password_hash = std::move(stored->hash);
  auto signed_in = co_await admit(std::move(proved));
  // It was erased while its password was being proved.
  if (signed_in.code() == ErrCode::kUserNotExist) co_return Error(ErrCode::kBadPassword);
  co_return signed_in;
}

// Who has a password proves it, or its number once more; who has none has just signed in, or proves
// its number. A token that was stolen is not enough.
Async<Unit> Accounts::may_set_password(const Caller& caller, const std::string& number,
                                       const pb::SetPasswordReq& request) {
  auto stored = co_await stored_password(number);
  if (!stored) co_return stored.take_error();
  if (!request.code().empty()) co_return co_await verify_code(caller, number, request.code());
  if (stored->hash.empty()) {
    auto device = co_await find_device(caller.identity.device);
    if (!device) co_return device.take_error();
    const auto since = clock_.wall().value() - device->updated.value();
    if (since >= 0 && since < kJustSignedIn.count()) co_return Unit{};
    co_return Error(ErrCode::kBadCode, "a first password needs a code, or a sign-in just before");
  }
  if (request.old_password().size() > kLongestPassword) co_return Error(ErrCode::kBadPassword);
  co_return co_await check_password(caller, number, *stored, request.old_password());
}

Async<Unit> Accounts::prove(const Caller& caller, std::string password, std::string code) {
  if (outside_) co_return Error(ErrCode::kNotOffered, "users of this server sign in elsewhere");
  auto self =
      co_await wait_for<std::optional<store::User>>([&](Done<std::optional<store::User>> done) {
        store_.get_user(caller.identity.user, std::move(done));
      });
  if (!self) co_return self.take_error();
  if (!*self) co_return Error(ErrCode::kUnauthorized);
  const auto& number = (*self)->phone_number;
  if (!code.empty() || !passwords_) co_return co_await verify_code(caller, number, code);
  if (password.size() > kLongestPassword) co_return Error(ErrCode::kBadPassword);
  auto stored = co_await stored_password(number);
  if (!stored) co_return stored.take_error();
  co_return co_await check_password(caller, number, *stored, password);
}

Async<pb::SetPasswordResp> Accounts::set_password(const Caller& caller,
                                                  const pb::SetPasswordReq& request) {
  if (!passwords_) co_return not_offered();
  const auto& password = request.password();
  if (!password.empty() && (password.size() < kShortest || password.size() > kLongestPassword))
    co_return Error(ErrCode::kBadRequest, "password: 8 to 256 bytes, or none to remove it");
  auto self =
      co_await wait_for<std::optional<store::User>>([&](Done<std::optional<store::User>> done) {
        store_.get_user(caller.identity.user, std::move(done));
      });
  if (!self) co_return self.take_error();
  if (!*self) co_return Error(ErrCode::kUnauthorized);
  auto may = co_await may_set_password(caller, (*self)->phone_number, request);
  if (!may) co_return may.take_error();

  Result<std::string> hash = std::string();
  if (!password.empty()) {
    const auto whose = of_user(caller.identity.user);
    if (!passwords_->shares.enter(caller.address, whose, 1)) {
      wrong_passwords_->note(caller.address, ErrCode::kRateLimited);
      co_return too_many_at_once();
    }
    hash = co_await wait_for<std::string>([&](Done<std::string> done) {
      passwords_->workers.hash(password,
                               leaving(passwords_->shares, caller.address, whose, std::move(done)));
    });
  }
  if (!hash) co_return hash.take_error();
  auto set = co_await wait_for<Unit>([&](Done<Unit> done) {
    store_.set_password(caller.identity.user, *hash, clock_.wall(), std::move(done));
  });
  if (!set) co_return set.take_error();
  log_.info("password_set", {{"user", caller.identity.user}});
  co_return pb::SetPasswordResp();
}

}  // namespace linnet::user
