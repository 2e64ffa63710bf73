// JSON Web Tokens as a test's user system makes them, with HS256.
#pragma once

#include "secrets.hpp"

#include <nlohmann/json.hpp>
#include <sodium.h>

#include <string>
#include <string_view>

namespace linnet::test {

inline constexpr const char* kJwtSecret = "an hs256 secret of thirty-two bytes or more";

inline std::string base64url(std::string_view raw) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(raw.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(raw.data()),
                    raw.size(), kVariant);
  text.pop_back();
  return text;
}

inline std::string hs256(std::string_view secret, std::string_view text) {
  auto bytes = [](std::string_view raw) {
    return reinterpret_cast<const unsigned char*>(raw.data());
  };
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes(secret), secret.size());
  crypto_auth_hmacsha256_update(&state, bytes(text), text.size());
  std::string mac(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(mac.data()));
  return mac;
}

inline std::string make_jwt(const nlohmann::json& header, const nlohmann::json& claims,
                            std::string_view secret = kJwtSecret) {
  auto text = base64url(header.dump()) + "." + base64url(claims.dump());
  remember_secret(secret);
  const auto proof = base64url(hs256(secret, text));
  remember_secret(proof);
  return text + "." + proof;
}

// Good for an hour of the false clock's time.
inline nlohmann::json claims_of(std::int64_t user, std::int64_t device) {
  return {{"sub", std::to_string(user)}, {"device_id", device}, {"exp", 1700003600}};
}

inline std::string jwt_for(std::int64_t user, std::int64_t device) {
  return make_jwt({{"alg", "HS256"}}, claims_of(user, device));
}

}  // namespace linnet::test
