#include "outside.hpp"

#include "linnet/base/random.hpp"

namespace linnet::user {

void Accounts::Outside::authenticate(Credentials credentials, Done<Identity> done) {
  if (credentials.token.empty()) return done(Error(ErrCode::kUnauthorized));
  auto hash = sha256(credentials.token);
  if (credentials.user && remembers(credentials.device, credentials.user, hash))
    return done(Identity{credentials.user, credentials.device});
  const auto version = cache_.version();
  Done<Proof> proved = [this, hash = std::move(hash), version,
                        done = std::move(done)](Result<Proof> proof) mutable {
    if (!proof) return done(proof.take_error());
    // A token that came without ids is found only now.
    if (remembers(proof->identity.device, proof->identity.user, hash)) return done(proof->identity);
    note(*proof, std::move(hash), version, std::move(done));
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

bool Accounts::Outside::remembers(DeviceId device, UserId user, const std::string& hash) const {
  auto known = cache_.get(device);
  return known && known->user == user && equal_in_constant_time(known->hash, hash) &&
         clock_.wall() < known->until;
}

void Accounts::Outside::note(const Proof& proof, std::string hash, std::uint64_t version,
                             Done<Identity> done) {
  store::Binding binding;
  binding.user = proof.identity.user;
  binding.device = proof.identity.device;
  binding.issued = proof.issued;
  binding.now = clock_.wall();
  Known known{proof.identity.user, std::move(hash), proof.until};
  Done<UserId> bound = [this, known = std::move(known), identity = proof.identity, version,
                        done = std::move(done)](Result<UserId> before) mutable {
    if (before.code() == ErrCode::kDeviceNotExist)
      return done(Error(ErrCode::kUnauthorized, "register this device first"));
    if (!before) return done(before.take_error());
    cache_.put(identity.device, std::move(known), version);
    if (*before && *before != identity.user) changed_(identity.device);
    done(identity);
  };
  store_.bind_device(binding, std::move(bound));
}

}  // namespace linnet::user
