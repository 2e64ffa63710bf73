// The keys of trusted servers: how they look, and what they prove.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/ids.hpp"
#include "linnet/store/keys.hpp"

#include <cstdint>
#include <string>
#include <string_view>

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

// Thread: any.
class Keys {
 public:
  explicit Keys(store::KeyStore& store) : store_(store) {}

  // Asked of the store each time, so that a revoked key is good for no further call. Error:
  // kUnauthorized.
  void authenticate(const std::string& token, Done<ServerKey> done);

 private:
  store::KeyStore& store_;
};

}  // namespace linnet::user
