// The keys of trusted servers: how they look, and what they prove.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/base/ids.hpp"
#include "linnet/base/refusals.hpp"
#include "linnet/store/keys.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

namespace linnet::user {

// What a key proves.
struct ServerKey {
  KeyId id;
  std::uint32_t scopes = 0;  // bit n: pb.Scope n
};

// "lk_" and 256 random bits. Shown once, stored nowhere.
std::string make_key();
bool looks_like_key(std::string_view token);
// What is stored of it: SHA-256, 32 raw bytes.
std::string hash_of_key(std::string_view key);

class TokenGuard;

// Thread: any.
class Keys {
 public:
  // Without a limit.
  explicit Keys(store::KeyStore& store);
  // An address may show `bad_per_minute` keys that are none (0: no limit); they are counted in
  // `refusals`.
  Keys(store::KeyStore& store, const Clock& clock, int bad_per_minute, Refusals& refusals);
  ~Keys();

  // Asked of the store each time, so that a revoked key is good for no further call. Errors:
  // kUnauthorized, kRateLimited (too many that were none from this address; not told to a key that
  // was good before).
  void authenticate(const std::string& token, const std::string& address, Done<ServerKey> done);
  // One with that hash is known to be good: so after a restart, too, nobody's invented keys keep it
  // out.
  void remember(const std::string& hash) { note(hash, true); }

 private:
  bool was_good(const std::string& hash);
  void note(const std::string& hash, bool good);

  store::KeyStore& store_;
  std::unique_ptr<TokenGuard> guard_;  // may be none
  std::mutex mutex_;
  std::unordered_set<std::string> good_;  // hashes
};

}  // namespace linnet::user
