#include "linnet/user/keys.hpp"

#include "token_guard.hpp"

#include "linnet/base/random.hpp"

namespace linnet::user {
namespace {

constexpr std::string_view kPrefix = "lk_";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kLongestKey = 100;
constexpr std::size_t kKeysRemembered = 1000;  // an operator has a few

}  // namespace

std::string make_key() {
  return std::string(kPrefix) + random_token(kKeyBytes);
}

bool looks_like_key(std::string_view token) {
  return token.starts_with(kPrefix);
}

std::string hash_of_key(std::string_view key) {
  return sha256(key);
}

Keys::Keys(store::KeyStore& store) : store_(store) {}

Keys::Keys(store::KeyStore& store, const Clock& clock, int bad_per_minute, Refusals& refusals)
    : store_(store),
      guard_(std::make_unique<TokenGuard>(clock, TokenGuardOptions{bad_per_minute, 0}, &refusals,
                                          Wrong::kKey)) {}

Keys::~Keys() = default;

bool Keys::was_good(const std::string& hash) {
  std::lock_guard lock(mutex_);
  return good_.contains(hash);
}

void Keys::note(const std::string& hash, bool good) {
  std::lock_guard lock(mutex_);
  if (!good) {
    good_.erase(hash);
  } else if (good_.size() < kKeysRemembered) {
    good_.insert(hash);
  }
}

void Keys::authenticate(const std::string& token, const std::string& address,
                        Done<ServerKey> done) {
  if (!looks_like_key(token) || token.size() > kLongestKey) {
    done(Error(ErrCode::kUnauthorized, "this call needs a server's API key"));
    return;
  }
  // Found by its hash: how long that takes says nothing about the key.
  auto hash = hash_of_key(token);
  const bool guarded = guard_ && !was_good(hash);
  if (guarded && !guard_->enter(address)) return done(Error(ErrCode::kRateLimited));
  auto judge = [this, hash, address, guarded,
                done = std::move(done)](Result<std::optional<store::ApiKey>> found) mutable {
    if (found) note(hash, found->has_value());
    if (guarded) guard_->leave(address, !found || *found);
    if (!found) return done(found.take_error());
    if (!*found) return done(Error(ErrCode::kUnauthorized, "this API key is not known or revoked"));
    done(ServerKey{(*found)->id, (*found)->scopes});
  };
  store_.find_key(hash, std::move(judge));
}

}  // namespace linnet::user
