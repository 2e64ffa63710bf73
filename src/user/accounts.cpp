#include "linnet/user/accounts.hpp"

#include "codes.hpp"
#include "hook_users.hpp"
#include "jwt_users.hpp"
#include "outside.hpp"
#include "passwords.hpp"
#include "pb/user.ext.pb.h"
#include "pb/user.int.pb.h"
#include "phone_number.hpp"
#include "refusal_log.hpp"
#include "token_guard.hpp"
#include "tokens.hpp"

namespace linnet::user {
namespace {

constexpr std::size_t kNicknameBytes = 128;
constexpr std::size_t kUrlBytes = 2048;
constexpr std::size_t kExtraBytes = 8192;
constexpr int kUsersAtOnce = 1000;
constexpr std::size_t kRememberedEnds = 10000;
constexpr RefusalLog::Kind kWrongCodes{"sign_in_refused", Wrong::kCode, Refusal::kCodeFailures};
constexpr RefusalLog::Kind kWrongPasswords{"password_refused", Wrong::kPassword,
                                           Refusal::kPasswordFailures};

Status check_profile(const store::User& user) {
  if (user.nickname.size() > kNicknameBytes)
    return Error(ErrCode::kBadRequest, "nickname: at most 128 bytes");
  if (user.avatar_url.size() > kUrlBytes)
    return Error(ErrCode::kBadRequest, "avatar_url: at most 2048 bytes");
  if (user.extra.size() > kExtraBytes)
    return Error(ErrCode::kBadRequest, "extra: at most 8192 bytes");
  if (user.sex < 0 || user.sex > 127)
    return Error(ErrCode::kBadRequest, "sex: 0 unknown, 1 male, 2 female, or your own up to 127");
  return success();
}

pb::User to_pb(const store::User& user) {
  pb::User profile;
  profile.set_user_id(user.id.value());
  profile.set_nickname(user.nickname);
  profile.set_sex(user.sex);
  profile.set_avatar_url(user.avatar_url);
  profile.set_extra(user.extra);
  profile.set_create_time(user.created.value() / 1000);
  profile.set_update_time(user.updated.value() / 1000);
  return profile;
}

CodeOptions code_options(const AccountOptions& options) {
  CodeOptions codes;
  codes.development = !options.code_hook && !options.jwt && !options.users_hook;
  codes.fixed_code = options.fixed_code;
  codes.failures_per_minute = options.limit_failures ? options.failures_per_minute : 0;
  codes.all_failures_per_minute = options.limit_failures ? options.all_failures_per_minute : 0;
  codes.limit_sending = options.limit_failures;
  return codes;
}

TokenGuardOptions guard_options(const AccountOptions& options) {
  return {options.bad_tokens_per_minute, options.tokens_at_once};
}

}  // namespace

Status check(const JwtOptions& options) {
  if (options.keys.empty()) return success();
  auto keys = read_key_file(options.algorithm, options.keys);
  if (!keys) return keys.take_error();
  return success();
}

Accounts::Accounts(store::AccountStore& store, const Clock& clock, Logger& log,
                   AccountOptions options, HttpClient* http, Refusals* refusals)
    : store_(store),
      clock_(clock),
      log_(log),
      options_(std::move(options)),
      http_(http),
      codes_(std::make_unique<CodeBook>(clock, code_options(options_))),
      wrong_codes_(std::make_unique<RefusalLog>(clock, log, refusals, kWrongCodes)),
      wrong_passwords_(std::make_unique<RefusalLog>(clock, log, refusals, kWrongPasswords)),
      guard_(std::make_unique<TokenGuard>(clock, guard_options(options_), refusals)),
      tokens_(std::make_unique<Tokens>(store, clock, options_.token_life, *guard_)),
      ended_(kRememberedEnds) {
  outside_ = open_outside();
  if (options_.passwords) passwords_ = std::make_unique<Passwords>(clock, options_);
}

Accounts::~Accounts() = default;

// Null where users sign in here.
std::unique_ptr<Accounts::Outside> Accounts::open_outside() {
  std::unique_ptr<OutsideUsers> users;
  if (options_.jwt) {
    users = std::make_unique<JwtUsers>(*options_.jwt, clock_, log_, http_);
  } else if (options_.users_hook) {
    users = std::make_unique<HookUsers>(*options_.users_hook, options_.hook_secret, clock_, *http_);
  } else {
    return nullptr;
  }
  const auto fresh =
      options_.users_hook ? options_.users_hook->cache : std::chrono::milliseconds(0);
  return std::make_unique<Outside>(
      std::move(users), store_, clock_, *guard_, fresh,
      [this](DeviceId device) { end_token(device, ErrCode::kDeviceExcluded); });
}

void Accounts::close() {
  if (passwords_) passwords_->workers.close();
}

const std::string& Accounts::development_code() const {
  return codes_->development_code();
}

Async<pb::SearchUserResp> Accounts::search_user(const Caller& caller,
                                                const pb::SearchUserReq& request) {
  if (!options_.search)
    co_return Error(ErrCode::kNotOffered, "this server does not let users find each other");
  if (!is_phone_number(request.phone_number())) co_return no_phone_number();
  auto found =
      co_await wait_for<std::optional<store::User>>([&](Done<std::optional<store::User>> done) {
        store_.find_user(request.phone_number(), caller.identity.user, std::move(done));
      });
  if (!found) co_return found.take_error();
  pb::SearchUserResp response;
  if (*found) *response.add_users() = to_pb(**found);
  co_return response;
}

Async<Unit> Accounts::know(std::vector<UserId> users) {
  auto known =
      co_await wait_for<Unit>([&](Done<Unit> done) { look_up(std::move(users), std::move(done)); });
  co_return known;
}

Async<pb::GetUserResp> Accounts::get_user(const Caller&, const pb::GetUserReq& request) {
  std::vector<UserId> one(1, UserId(request.user_id()));
  auto known = co_await know(std::move(one));
  if (!known) co_return known.take_error();
  auto found =
      co_await wait_for<std::optional<store::User>>([&](Done<std::optional<store::User>> done) {
        store_.get_user(UserId(request.user_id()), std::move(done));
      });
  if (!found) co_return found.take_error();
  if (!*found) co_return Error(ErrCode::kUserNotExist);
  pb::GetUserResp response;
  *response.mutable_user() = to_pb(**found);
  co_return response;
}

Async<pb::GetUsersResp> Accounts::get_users(const Caller&, const pb::GetUsersReq& request) {
  if (request.user_ids_size() > kUsersAtOnce)
    co_return Error(ErrCode::kBadRequest, "user_ids: at most " + std::to_string(kUsersAtOnce));
  std::vector<UserId> ids;
  for (auto id : request.user_ids())
    ids.emplace_back(id);
  auto known = co_await know(ids);
  if (!known) co_return known.take_error();
  auto found = co_await wait_for<std::vector<store::User>>(
      [&](Done<std::vector<store::User>> done) { store_.get_users(ids, std::move(done)); });
  if (!found) co_return found.take_error();
  pb::GetUsersResp response;
  for (const auto& user : *found)
    (*response.mutable_users())[user.id.value()] = to_pb(user);
  co_return response;
}

Async<pb::AuthResp> Accounts::auth(const Caller&, const pb::AuthReq& request) {
  Credentials credentials{UserId(request.user_id()), DeviceId(request.device_id()),
                          request.token()};
  auto identity = co_await wait_for<Identity>(
      [&](Done<Identity> done) { authenticate(std::move(credentials), std::move(done)); });
  if (!identity) co_return identity.take_error();
  co_return pb::AuthResp();
}

Async<UserId> Accounts::create_user(store::User user) {
  const bool numbered = !outside_ || !user.phone_number.empty();
  if (numbered && !is_phone_number(user.phone_number)) co_return no_phone_number();
  if (outside_ ? user.id.value() < 1 : user.id.value() != 0)
    co_return Error(ErrCode::kBadRequest, outside_
                                              ? "user_id: the user's in your own system"
                                              : "user_id: this server gives the ids of its users");
  auto checked = check_profile(user);
  if (!checked) co_return checked.take_error();
  auto id = co_await wait_for<UserId>(
      [&](Done<UserId> done) { store_.create_user(std::move(user), std::move(done)); });
  co_return id;
}

Async<pb::UpdateUserResp> Accounts::update_user(const Caller& caller,
                                                const pb::UpdateUserReq& request) {
  if (options_.users_hook)
    co_return Error(ErrCode::kNotOffered, "profiles of this server's users are changed elsewhere");
  store::User user;
  user.id = caller.identity.user;
  user.nickname = request.nickname();
  user.sex = request.sex();
  user.avatar_url = request.avatar_url();
  user.extra = request.extra();
  user.updated = clock_.wall();
  auto checked = check_profile(user);
  if (!checked) co_return checked.take_error();
  auto updated =
      co_await wait_for<Unit>([&](Done<Unit> done) { store_.update_user(user, std::move(done)); });
  if (!updated) co_return updated.take_error();
  co_return pb::UpdateUserResp();
}

void Accounts::authenticate(Credentials credentials, Done<Identity> done) {
  if (outside_) return outside_->authenticate(std::move(credentials), std::move(done));
  tokens_->authenticate(std::move(credentials), std::move(done));
}

void Accounts::confirm(Identity identity, Done<Identity> done) {
  Done<Identity> confirmed = [this, identity,
                              done = std::move(done)](Result<Identity> held) mutable {
    if (held.code() != ErrCode::kUnauthorized) return done(std::move(held));
    done(Error(ended_.get(identity.device).value_or(ErrCode::kSignedOut)));
  };
  if (outside_) return outside_->confirm(identity, std::move(confirmed));
  tokens_->confirm(identity, std::move(confirmed));
}

void Accounts::look_up(std::vector<UserId> users, Done<Unit> done) {
  if (!outside_) return done(success());
  outside_->look_up(std::move(users), std::move(done));
}

}  // namespace linnet::user
