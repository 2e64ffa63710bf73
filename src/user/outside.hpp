// Accounts whose users are the operator's own: proves tokens through OutsideUsers, remembers the
// newest proofs, and notes in the store who is on which device.
#pragma once

#include "outside_users.hpp"
#include "token_guard.hpp"

#include "linnet/base/bounded_cache.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/accounts.hpp"

#include <functional>
#include <memory>
#include <string>

namespace linnet::user {

// Thread: any.
class Accounts::Outside {
 public:
  // A device for which there was no place beside another is signed out; what it is allowed is then
  // to end.
  using Excluded = std::function<void(DeviceId)>;

  Outside(std::unique_ptr<OutsideUsers> users, store::AccountStore& store, const Clock& clock,
          TokenGuard& guard, std::chrono::milliseconds fresh, Excluded excluded)
      : users_(std::move(users)),
        store_(store),
        clock_(clock),
        guard_(guard),
        fresh_(fresh),
        excluded_(std::move(excluded)),
        cache_(kRemembered),
        bearers_(kRemembered),
        looked_up_(kRemembered) {}

  void authenticate(Credentials credentials, Done<Identity> done);
  // Whether the user is on the device still. Error: kUnauthorized.
  void confirm(Identity identity, Done<Identity> done);
  // As Directory::look_up.
  void look_up(std::vector<UserId> users, Done<Unit> done);
  // What is remembered of the device's token is good no longer.
  void forget(DeviceId device) { cache_.erase(device); }

 private:
  static constexpr std::size_t kRemembered = 100000;  // about 20 MB
  struct Known {
    UserId user;
    std::string hash;  // of the token
    Millis until;
  };

  void keep(std::vector<UserId> asked, std::vector<store::User> users, Done<Unit> done);
  // Whether the token was proved on that device lately.
  bool remembers(Identity identity, const std::string& hash) const;
  // `named`: the ids that came with the token.
  void note(const Proof& proof, std::string hash, Identity named, std::uint64_t version,
            Done<Identity> done);

  std::unique_ptr<OutsideUsers> users_;
  store::AccountStore& store_;
  const Clock& clock_;
  TokenGuard& guard_;
  const std::chrono::milliseconds fresh_;  // 0: profiles are kept here
  const Excluded excluded_;
  BoundedCache<DeviceId, Known> cache_;
  // By the token's hash and the ids beside it; cache_ says whether they are good still.
  BoundedCache<std::string, Identity> bearers_;
  BoundedCache<UserId, std::chrono::milliseconds> looked_up_;  // when
};

}  // namespace linnet::user
