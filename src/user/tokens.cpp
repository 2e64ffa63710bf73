#include "tokens.hpp"

#include "linnet/base/random.hpp"

#include <algorithm>

namespace linnet::user {
namespace {

constexpr std::chrono::milliseconds kRenewEvery = std::chrono::hours(24);
constexpr std::size_t kSecretBytes = 32;  // OWASP asks for at least 16

}  // namespace

Async<std::string> Accounts::Tokens::issue(UserId user, DeviceId device) {
  auto token = make_token(user, device, random_token(kSecretBytes));
  auto life = std::chrono::duration_cast<std::chrono::milliseconds>(life_).count();
  store::TokenRecord record;
  record.user = user;
  record.hash = sha256(token);
  record.expires = Millis(clock_.wall().value() + life);
  auto stored = co_await wait_for<Unit>(
      [&](Done<Unit> done) { store_.set_token(device, record, std::move(done)); });
  cache_.erase(device);  // also when it failed: what is stored is not known then
  if (!stored) co_return stored.take_error();
  co_return token;
}

void Accounts::Tokens::authenticate(Credentials credentials, Done<Identity> done) {
  // Only the token says which device of those behind one id it is.
  const auto named = parse_token(credentials.token);
  if (!named || !credentials.user || !credentials.device) {
    done(Error(ErrCode::kUnauthorized));
    return;
  }
  const auto device = named->device;
  const auto version = cache_.version();
  if (auto known = cache_.get(device)) {
    auto identity = check(credentials, device, *known);
    if (identity) {
      renew(device, std::move(*known), version);
    } else if (guard_.enter(credentials.address)) {
      guard_.leave(credentials.address, false);
    } else {
      identity = Error(ErrCode::kRateLimited);
    }
    done(std::move(identity));
    return;
  }
  if (!guard_.enter(credentials.address)) return done(Error(ErrCode::kRateLimited));
  store_.get_token(
      device, [this, device, version, credentials = std::move(credentials),
               done = std::move(done)](Result<std::optional<store::TokenRecord>> found) mutable {
        if (!found) {
          guard_.leave(credentials.address, true);
          done(found.take_error());
        } else if (!*found) {
          guard_.leave(credentials.address, false);
          done(Error(ErrCode::kUnauthorized));
        } else {
          auto identity = check(credentials, device, **found);
          guard_.leave(credentials.address, identity.code() != ErrCode::kUnauthorized);
          cache_.put(device, **found, version);
          if (identity) renew(device, std::move(**found), version);
          done(std::move(identity));
        }
      });
}

void Accounts::Tokens::confirm(Identity identity, Done<Identity> done) {
  auto holds = [identity](const store::TokenRecord& record) {
    return record.user == identity.user;
  };
  if (auto known = cache_.get(identity.device)) {
    if (holds(*known)) return done(identity);
    return done(Error(ErrCode::kUnauthorized));
  }
  store_.get_token(identity.device, [identity, holds, done = std::move(done)](
                                        Result<std::optional<store::TokenRecord>> found) mutable {
    if (!found) return done(found.take_error());
    if (!*found || !holds(**found)) return done(Error(ErrCode::kUnauthorized));
    done(identity);
  });
}

void Accounts::Tokens::renew(DeviceId device, store::TokenRecord record, std::uint64_t version) {
  const auto life = std::chrono::duration_cast<std::chrono::milliseconds>(life_).count();
  const auto full = clock_.wall().value() + life;
  if (full - record.expires.value() < std::min(kRenewEvery.count(), life / 2)) return;
  record.expires = Millis(full);
  cache_.put(device, record, version);
  // When it fails the token is renewed after the cache has forgotten it.
  Done<Unit> ignored = [](const Result<Unit>&) {};
  store_.extend_token(device, std::move(record), std::move(ignored));
}

Result<Identity> Accounts::Tokens::check(const Credentials& credentials, DeviceId device,
                                         const store::TokenRecord& record) const {
  const bool same = equal_in_constant_time(sha256(credentials.token), record.hash);
  const bool named = credentials.device == device || credentials.device == record.known_as;
  if (!same || !named || record.user != credentials.user || record.expires <= clock_.wall())
    return Error(ErrCode::kUnauthorized);
  return Identity{credentials.user, device};
}

}  // namespace linnet::user
