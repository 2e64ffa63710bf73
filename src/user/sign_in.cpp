// Accounts: how a device's user signs in and out, and what that ends.
#include "codes.hpp"
#include "hook.hpp"
#include "outside.hpp"
#include "pb/user.ext.pb.h"
#include "phone_number.hpp"
#include "refusal_log.hpp"
#include "tokens.hpp"

#include "linnet/user/accounts.hpp"

#include <nlohmann/json.hpp>

namespace linnet::user {
namespace {

// The types of devices of which there may be one, when a device of `type` signs in.
std::vector<std::int32_t> exclusive_types(DevicePolicy policy, std::int32_t type) {
  constexpr std::int32_t kAndroid = 1;
  constexpr std::int32_t kIos = 2;
  constexpr std::int32_t kWindows = 3;
  constexpr std::int32_t kMacOs = 4;
  constexpr std::int32_t kWeb = 5;
  switch (policy) {
    case DevicePolicy::kAny: return {};
    case DevicePolicy::kPerType: return {type};
    case DevicePolicy::kSingle: return {kAndroid, kIos, kWindows, kMacOs, kWeb};
    case DevicePolicy::kPerClass: break;
  }
  if (type == kAndroid || type == kIos) return {kAndroid, kIos};
  if (type == kWindows || type == kMacOs) return {kWindows, kMacOs};
  return {type};
}

Error not_here() {
  return Error(ErrCode::kNotOffered, "users of this server sign in elsewhere");
}

}  // namespace

Async<pb::SendCodeResp> Accounts::send_code(const Caller& caller, const pb::SendCodeReq& request) {
  if (outside_) co_return not_here();
  const auto& number = request.phone_number();
  if (!is_phone_number(number)) co_return no_phone_number();
  pb::SendCodeResp response;
  if (codes_->development()) co_return response;
  response.set_expires_in(static_cast<std::int32_t>(std::chrono::seconds(CodeBook::kLife).count()));
  response.set_again_in(
      static_cast<std::int32_t>(std::chrono::seconds(CodeBook::kBetween).count()));
  auto code = codes_->make(number, caller.address);
  if (!code) co_return code.take_error();
  auto delivered = co_await deliver(number, *code);
  if (delivered) co_return response;
  // After a timeout it may have been sent all the same.
  if (delivered.code() != ErrCode::kTimeout) codes_->withdraw(number, *code, caller.address);
  log_.warn("code_not_sent", {{"address", caller.address},
                              {"code", name(delivered.error().code())},
                              {"detail", delivered.error().detail()}});
  if (delivered.code() == ErrCode::kServerBusy || delivered.code() == ErrCode::kShuttingDown)
    co_return delivered.take_error();
  co_return Error(ErrCode::kCodeNotSent);
}

// To the hook, which answers with any 2xx when it has taken it.
Async<Unit> Accounts::deliver(const std::string& phone_number, const std::string& code) {
  nlohmann::json body;
  body["phoneNumber"] = phone_number;
  body["code"] = code;
  body["expiresIn"] = std::chrono::seconds(CodeBook::kLife).count();
  auto call = signed_call(*options_.code_hook, options_.hook_secret, body.dump(), clock_.wall());
  auto answer = co_await wait_for<HttpAnswer>(
      [&](Done<HttpAnswer> done) { http_->send(std::move(call), std::move(done)); });
  if (!answer) co_return answer.take_error();
  if (answer->status < 200 || answer->status > 299)
    co_return Error(ErrCode::kUserSystem, {}, "answered " + std::to_string(answer->status));
  co_return Unit{};
}

Async<pb::SignInResp> Accounts::sign_in(const Caller& caller, const pb::SignInReq& request) {
  if (outside_) co_return not_here();
  if (!is_phone_number(request.phone_number())) co_return no_phone_number();
  if (request.device_id() < 1)
    co_return Error(ErrCode::kBadRequest, "device_id: the one that RegisterDevice gave");
  // A code is used up by being right.
  auto there = co_await find_device(DeviceId(request.device_id()));
  if (!there) co_return there.take_error();
  auto verified = co_await verify_code(caller, request.phone_number(), request.code());
  if (!verified) co_return verified.take_error();
  store::SignIn proved;
  proved.phone_number = request.phone_number();
  proved.device = DeviceId(request.device_id());
  co_return co_await admit(std::move(proved));
}

Async<Unit> Accounts::verify_code(const Caller& caller, const std::string& number,
                                  const std::string& code) {
  auto verified = codes_->verify(number, code, caller.address);
  if (!verified) wrong_codes_->note(caller.address, verified.code());
  co_return verified;
}

// Whoever has proved to be the phone number's user is signed in on the device.
Async<pb::SignInResp> Accounts::admit(store::SignIn proved) {
  auto sign_in = co_await describe(std::move(proved));
  if (!sign_in) co_return sign_in.take_error();
  auto signed_in = co_await wait_for<store::SignedIn>([&](Done<store::SignedIn> done) {
    Done<store::SignedIn> end_first = [this,
                                       done = std::move(done)](Result<store::SignedIn> in) mutable {
      if (in) {
        end_token(in->device, ErrCode::kSignedOut);
        for (auto excluded : in->signed_out)
          end_token(excluded, ErrCode::kDeviceExcluded);
      }
      done(std::move(in));
    };
    store_.sign_in(*sign_in, std::move(end_first));
  });
  if (!signed_in) co_return signed_in.take_error();
  auto token = co_await tokens_->issue(signed_in->user, signed_in->device);
  if (token.code() == ErrCode::kDeviceNotBindUser)
    co_return Error(ErrCode::kServerBusy,
                    "somebody signed in or out on this device at the same moment; try again");
  if (!token) co_return token.take_error();

  log_.info("signed_in", {{"user", signed_in->user},
                          {"device", signed_in->device},
                          {"new", signed_in->created ? "yes" : "no"}});
  pb::SignInResp response;
  response.set_user_id(signed_in->user.value());
  response.set_token(std::move(*token));
  co_return response;
}

// With the devices that the policy lets this one replace.
Async<store::SignIn> Accounts::describe(store::SignIn sign_in) {
  sign_in.now = clock_.wall();
  if (options_.device_policy == DevicePolicy::kAny) co_return sign_in;
  auto known = co_await find_device(sign_in.device);
  if (!known) co_return known.take_error();
  sign_in.exclusive_types = exclusive_types(options_.device_policy, known->type);
  co_return sign_in;
}

Async<store::Device> Accounts::find_device(DeviceId device) {
  auto known = co_await wait_for<std::optional<store::Device>>(
      [&](Done<std::optional<store::Device>> done) { store_.get_device(device, std::move(done)); });
  if (!known) co_return known.take_error();
  if (!*known) co_return Error(ErrCode::kDeviceNotExist);
  co_return std::move(**known);
}

// On the store's thread, in the order of commits and before what is committed later is delivered:
// once the caller has come to run again, its token may have let something in, and the end would be
// told to a token that is newer.
void Accounts::end_token(DeviceId device, ErrCode why) {
  ended_.put(device, why, ended_.version());
  tokens_->forget(device);
  if (outside_) outside_->forget(device);
  if (revoked_) revoked_(device, why);
}

Async<Unit> Accounts::sign_out(UserId user, DeviceId device) {
  auto out = co_await wait_for<Unit>([&](Done<Unit> done) {
    Done<Unit> end_first = [this, device, done = std::move(done)](Status ended) mutable {
      if (ended) end_token(device, ErrCode::kSignedOut);
      done(std::move(ended));
    };
    store_.sign_out(user, device, clock_.wall(), std::move(end_first));
  });
  if (!out) co_return out.take_error();
  log_.info("signed_out", {{"user", user}, {"device", device}});
  co_return Unit{};
}

Async<Unit> Accounts::erase(UserId user) {
  using Devices = std::vector<DeviceId>;
  auto erased = co_await wait_for<Devices>([&](Done<Devices> done) {
    Done<Devices> end_first = [this, done = std::move(done)](Result<Devices> devices) mutable {
      if (devices)
        for (auto device : *devices)
          end_token(device, ErrCode::kSignedOut);
      done(std::move(devices));
    };
    store_.erase_user(user, clock_.wall(), std::move(end_first));
  });
  if (!erased) co_return erased.take_error();
  log_.info("user_erased", {{"user", user}, {"devices", erased->size()}});
  co_return Unit{};
}

}  // namespace linnet::user
