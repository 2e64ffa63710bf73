#include "linnet/user/keys.hpp"

#include "linnet/base/random.hpp"

namespace linnet::user {
namespace {

constexpr std::string_view kPrefix = "lk_";
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kLongestKey = 100;

}  // namespace

std::string make_key() {
  return std::string(kPrefix) + random_token(kSecretBytes);
}

bool looks_like_key(std::string_view token) {
  return token.starts_with(kPrefix);
}

std::string hash_of_key(std::string_view key) {
  return sha256(key);
}

void Keys::authenticate(const std::string& token, Done<ServerKey> done) {
  if (!looks_like_key(token) || token.size() > kLongestKey) {
    done(Error(ErrCode::kUnauthorized, "this call needs a server's API key"));
    return;
  }
  // Found by its hash: how long that takes says nothing about the key.
  store_.find_key(hash_of_key(token),
                  [done = std::move(done)](Result<std::optional<store::ApiKey>> found) mutable {
                    if (!found) {
                      done(found.take_error());
                    } else if (!*found) {
                      done(Error(ErrCode::kUnauthorized, "this API key is not known or revoked"));
                    } else {
                      done(ServerKey{(*found)->id, (*found)->scopes});
                    }
                  });
}

}  // namespace linnet::user
