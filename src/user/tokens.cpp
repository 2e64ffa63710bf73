#include "tokens.hpp"

#include "linnet/base/random.hpp"

namespace linnet::user {
namespace {

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
  if (!credentials.user || !credentials.device || credentials.token.empty()) {
    done(Error(ErrCode::kUnauthorized));
    return;
  }
  if (auto known = cache_.get(credentials.device)) {
    done(check(credentials, *known));
    return;
  }
  auto device = credentials.device;
  auto version = cache_.version();
  store_.get_token(
      device, [this, version, credentials = std::move(credentials),
               done = std::move(done)](Result<std::optional<store::TokenRecord>> found) mutable {
        if (!found) {
          done(found.take_error());
        } else if (!*found) {
          done(Error(ErrCode::kUnauthorized));
        } else {
          auto identity = check(credentials, **found);
          cache_.put(credentials.device, std::move(**found), version);
          done(std::move(identity));
        }
      });
}

Result<Identity> Accounts::Tokens::check(const Credentials& credentials,
                                         const store::TokenRecord& record) const {
  bool same = equal_in_constant_time(sha256(credentials.token), record.hash);
  if (!same || record.user != credentials.user || record.expires <= clock_.wall())
    return Error(ErrCode::kUnauthorized);
  return Identity{credentials.user, credentials.device};
}

}  // namespace linnet::user
