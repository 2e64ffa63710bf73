#include "hook.hpp"

#include <sodium.h>

namespace linnet::user {
namespace {

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hex(std::string_view raw) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace

std::string hmac_sha256(std::string_view secret, std::string_view text) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes(secret), secret.size());
  crypto_auth_hmacsha256_update(&state, bytes(text), text.size());
  std::string mac(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(mac.data()));
  return mac;
}

HttpCall signed_call(const Url& url, std::string_view secret, std::string json, Millis now) {
  const auto timestamp = std::to_string(now.value() / 1000);
  HttpCall call;
  call.url = url;
  call.headers.emplace_back("Content-Type", "application/json");
  call.headers.emplace_back("Linnet-Timestamp", timestamp);
  call.headers.emplace_back("Linnet-Signature",
                            "v1=" + hex(hmac_sha256(secret, timestamp + "." + json)));
  call.body = std::move(json);
  return call;
}

}  // namespace linnet::user
