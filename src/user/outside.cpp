#include "outside.hpp"

#include "linnet/base/random.hpp"

namespace linnet::user {
namespace {

// What is remembered of a token depends on the ids that come with it.
std::string bearer(const std::string& hash, Identity named) {
  return hash + std::to_string(named.user.value()) + "/" + std::to_string(named.device.value());
}

}  // namespace

void Accounts::Outside::authenticate(Credentials credentials, Done<Identity> done) {
  if (credentials.token.empty()) return done(Error(ErrCode::kUnauthorized));
  auto hash = sha256(credentials.token);
  const Identity named{credentials.user, credentials.device};
  if (auto known = bearers_.get(bearer(hash, named)); known && remembers(*known, hash))
    return done(*known);
  if (!guard_.enter(credentials.address)) return done(Error(ErrCode::kRateLimited));
  const auto version = cache_.version();
  Done<Proof> proved = [this, hash = std::move(hash), named, version, address = credentials.address,
                        done = std::move(done)](Result<Proof> proof) mutable {
    if (!proof) {
      guard_.leave(address, proof.code() != ErrCode::kUnauthorized);
      return done(proof.take_error());
    }
    // One that lets nobody onto its device is as bad as an invented one, and has cost a write.
    Done<Identity> bound = [this, address = std::move(address),
                            done = std::move(done)](Result<Identity> identity) mutable {
      guard_.leave(address, identity.code() != ErrCode::kUnauthorized);
      done(std::move(identity));
    };
    note(*proof, std::move(hash), named, version, std::move(bound));
  };
  users_->prove(std::move(credentials), std::move(proved));
}

void Accounts::Outside::confirm(Identity identity, Done<Identity> done) {
  auto known = cache_.get(identity.device);
  if (known && known->user == identity.user) return done(identity);
  store_.get_device(identity.device, [identity, done = std::move(done)](
                                         Result<std::optional<store::Device>> found) mutable {
    if (!found) return done(found.take_error());
    if (!*found || (*found)->user != identity.user) return done(Error(ErrCode::kUnauthorized));
    done(identity);
  });
}

void Accounts::Outside::look_up(std::vector<UserId> users, Done<Unit> done) {
  constexpr std::size_t kAtOnce = 1000;
  const auto now = clock_.steady();
  std::erase_if(users, [&](UserId user) {
    auto at = looked_up_.get(user);
    return user.value() < 1 || (at && now - *at < fresh_);
  });
  if (fresh_ == std::chrono::milliseconds(0) || users.empty()) return done(success());
  if (users.size() > kAtOnce) {
    // More than one request takes: the rest once these are known.
    std::vector<UserId> rest(users.begin() + kAtOnce, users.end());
    users.resize(kAtOnce);
    done = [this, rest = std::move(rest), done = std::move(done)](Status known) mutable {
      if (!known) return done(std::move(known));
      look_up(std::move(rest), std::move(done));
    };
  }
  auto asked = users;
  Done<std::vector<store::User>> fetched = [this, asked = std::move(asked), done = std::move(done)](
                                               Result<std::vector<store::User>> found) mutable {
    if (!found) return done(found.take_error());
    keep(std::move(asked), std::move(*found), std::move(done));
  };
  users_->fetch(std::move(users), std::move(fetched));
}

void Accounts::Outside::keep(std::vector<UserId> asked, std::vector<store::User> users,
                             Done<Unit> done) {
  const auto version = looked_up_.version();
  Done<Unit> kept = [this, asked = std::move(asked), version,
                     done = std::move(done)](Status put) mutable {
    if (!put) return done(put.take_error());
    const auto now = clock_.steady();
    for (auto user : asked)
      looked_up_.put(user, now, version);
    done(success());
  };
  store_.put_users(std::move(users), std::move(kept));
}

bool Accounts::Outside::remembers(Identity identity, const std::string& hash) const {
  auto known = cache_.get(identity.device);
  return known && known->user == identity.user && equal_in_constant_time(known->hash, hash) &&
         clock_.wall() < known->until;
}

void Accounts::Outside::note(const Proof& proof, std::string hash, Identity named,
                             std::uint64_t version, Done<Identity> done) {
  store::Binding binding;
  binding.user = proof.identity.user;
  binding.device = proof.identity.device;
  binding.issued = proof.issued;
  binding.exact = proof.exact;
  binding.now = clock_.wall();
  Known known{proof.identity.user, std::move(hash), proof.until};
  Done<store::Bound> bound = [this, known = std::move(known), named, version,
                              done = std::move(done)](Result<store::Bound> on) mutable {
    if (on.code() == ErrCode::kDeviceNotExist)
      return done(Error(ErrCode::kUnauthorized, "register this device first"));
    if (!on) return done(on.take_error());
    for (auto device : on->signed_out)
      excluded_(device);
    const Identity identity{known.user, on->device};
    bearers_.put(bearer(known.hash, named), identity, bearers_.version());
    cache_.put(on->device, std::move(known), version);
    done(identity);
  };
  store_.bind_device(binding, std::move(bound));
}

}  // namespace linnet::user
