// Tokens: made at sign-in, kept as hashes, proved on every call; the newest proofs are remembered.
#pragma once

#include "token_guard.hpp"

#include "linnet/base/async.hpp"
#include "linnet/base/bounded_cache.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/accounts.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace linnet::user {

// Thread: any.
class Accounts::Tokens {
 public:
  Tokens(store::AccountStore& store, const Clock& clock, std::chrono::hours life, TokenGuard& guard)
      : store_(store), clock_(clock), life_(life), guard_(guard), cache_(kRemembered) {}

  // Makes the one token of a device; any older one is void when this completes.
  Async<std::string> issue(UserId user, DeviceId device);
  // What is remembered of the device's token is good no longer.
  void forget(DeviceId device) { cache_.erase(device); }
  void authenticate(Credentials credentials, Done<Identity> done);
  // Whether the device has a token of the user's. Error: kUnauthorized.
  void confirm(Identity identity, Done<Identity> done);

 private:
  static constexpr std::size_t kRemembered = 100000;  // about 20 MB
  // A token that is used lives on: written at most once a day.
  // `version`: the cache's before the record was read.
  void renew(DeviceId device, store::TokenRecord record, std::uint64_t version);
  Result<Identity> check(const Credentials& credentials, DeviceId device,
                         const store::TokenRecord& record) const;

  store::AccountStore& store_;
  const Clock& clock_;
  std::chrono::hours life_;
  TokenGuard& guard_;
  BoundedCache<DeviceId, store::TokenRecord> cache_;
};

}  // namespace linnet::user
