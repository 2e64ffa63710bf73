// The keys that signatures of JSON Web Tokens are checked with: a secret, a public key as PEM, or a
// set of them (JWKS, RFC 7517).
#pragma once

#include "linnet/base/error.hpp"
#include "linnet/user/options.hpp"

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::user {

std::string_view name(JwtAlgorithm algorithm);  // "HS256"

// One key, for one algorithm. A value; thread: any.
class JwtKey {
 public:
  // Of at least 32 bytes (RFC 7518, section 3.2). Error of these: kBadRequest, with a sentence.
  static Result<JwtKey> from_secret(std::string secret);
  static Result<JwtKey> from_pem(JwtAlgorithm algorithm, std::string_view pem);

  // Whether `signature` (raw, as RFC 7518 has it) is the key's over `text`.
  bool verify(std::string_view text, std::string_view signature) const;

  std::string id;  // the kid; empty: it has none

 private:
  friend std::vector<JwtKey> read_jwks(JwtAlgorithm algorithm, std::string_view json);
  friend Result<JwtKey> make_key(JwtAlgorithm algorithm, std::shared_ptr<EVP_PKEY> key);
  bool verify_public(std::string_view text, std::string_view signature) const;

  JwtAlgorithm algorithm_ = JwtAlgorithm::kHs256;
  std::string secret_;
  std::shared_ptr<EVP_PKEY> public_;
};

// Those of the set that fit the algorithm; others are left out, and so is what cannot be read.
std::vector<JwtKey> read_jwks(JwtAlgorithm algorithm, std::string_view json);

// base64url without padding; nothing for what is not that exactly.
Result<std::string> decode_base64url(std::string_view text);

}  // namespace linnet::user
