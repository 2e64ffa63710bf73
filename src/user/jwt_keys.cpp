#include "jwt_keys.hpp"

#include "hook.hpp"

#include "linnet/base/random.hpp"

#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <sodium.h>

#include <optional>

namespace linnet::user {
namespace {

constexpr std::size_t kShortestSecret = 32;
constexpr int kShortestRsa = 2048;        // bits
constexpr std::size_t kEcHalf = 32;       // bytes of a P-256 coordinate
constexpr std::size_t kKeysOfASet = 100;  // more are not looked at

using Json = nlohmann::json;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number number(std::string_view raw) {
  return Number(BN_bin2bn(octets(raw), static_cast<int>(raw.size()), nullptr));
}

std::shared_ptr<EVP_PKEY> own(EVP_PKEY* key) {
  return std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free);
}

std::shared_ptr<EVP_PKEY> from_params(const char* type, OSSL_PARAM_BLD* builder) {
  Params params(OSSL_PARAM_BLD_to_param(builder));
  Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  auto owned = own(key);
  // Also that the point of an elliptic curve is on it.
  Context check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!check || EVP_PKEY_public_check(check.get()) != 1) return nullptr;
  return owned;
}

std::optional<std::string> member(const Json& jwk, const char* name) {
  auto it = jwk.find(name);
  if (it == jwk.end() || !it->is_string()) return std::nullopt;
  auto raw = decode_base64url(it->get_ref<const std::string&>());
  if (!raw) return std::nullopt;
  return std::move(*raw);
}

std::shared_ptr<EVP_PKEY> rsa_of(const Json& jwk) {
  auto n = member(jwk, "n");
  auto e = member(jwk, "e");
  if (!n || !e) return nullptr;
  auto modulus = number(*n);
  auto exponent = number(*e);
  Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return from_params("RSA", builder.get());
}

std::shared_ptr<EVP_PKEY> ec_of(const Json& jwk) {
  auto x = member(jwk, "x");
  auto y = member(jwk, "y");
  if (jwk.value("crv", Json()) != "P-256" || !x || !y || x->size() != kEcHalf ||
      y->size() != kEcHalf)
    return nullptr;
  const auto point = "\x04" + *x + *y;  // uncompressed
  Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return from_params("EC", builder.get());
}

std::shared_ptr<EVP_PKEY> ed25519_of(const Json& jwk) {
  auto x = member(jwk, "x");
  if (jwk.value("crv", Json()) != "Ed25519" || !x) return nullptr;
  return own(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(*x), x->size()));
}

// ES256's two numbers of 32 bytes each, as OpenSSL wants them.
std::string to_der(std::string_view raw) {
  if (raw.size() != 2 * kEcHalf) return {};
  Signature signature(ECDSA_SIG_new());
  auto r = number(raw.substr(0, kEcHalf));
  auto s = number(raw.substr(kEcHalf));
  if (!signature || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();  // the signature's now
  (void)s.release();
  unsigned char* text = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &text);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return der;
}

bool fits(JwtAlgorithm algorithm, EVP_PKEY* key) {
  switch (algorithm) {
    case JwtAlgorithm::kHs256: return false;
    case JwtAlgorithm::kRs256:
      return EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= kShortestRsa;
    case JwtAlgorithm::kEs256: {
      char group[32] = {};
      std::size_t size = 0;
      return EVP_PKEY_is_a(key, "EC") == 1 &&
             EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
             std::string_view(group, size) == "prime256v1";
    }
    case JwtAlgorithm::kEdDsa: return EVP_PKEY_is_a(key, "ED25519") == 1;
  }
  return false;
}

}  // namespace

std::string_view name(JwtAlgorithm algorithm) {
  switch (algorithm) {
    case JwtAlgorithm::kHs256: return "HS256";
    case JwtAlgorithm::kRs256: return "RS256";
    case JwtAlgorithm::kEs256: return "ES256";
    case JwtAlgorithm::kEdDsa: return "EdDSA";
  }
  return {};
}

Result<std::string> decode_base64url(std::string_view text) {
  std::string raw(text.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(raw.data()), raw.size(), text.data(),
                        text.size(), nullptr, &size, &end,
                        sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
      end != text.data() + text.size())
    return Error(ErrCode::kBadRequest, "no base64url");
  raw.resize(size);
  return raw;
}

Result<JwtKey> make_key(JwtAlgorithm algorithm, std::shared_ptr<EVP_PKEY> key) {
  if (!key || !fits(algorithm, key.get()))
    return Error(ErrCode::kBadRequest, "it is no public key for " + std::string(name(algorithm)) +
                                           " (RSA: of 2048 bits at least)");
  JwtKey made;
  made.algorithm_ = algorithm;
  made.public_ = std::move(key);
  return made;
}

Result<JwtKey> JwtKey::from_secret(std::string secret) {
  if (secret.size() < kShortestSecret)
    return Error(ErrCode::kBadRequest, "a secret for HS256 has 32 bytes or more");
  JwtKey made;
  made.secret_ = std::move(secret);
  return made;
}

Result<JwtKey> JwtKey::from_pem(JwtAlgorithm algorithm, std::string_view pem) {
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return make_key(algorithm, own(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr)));
}

std::vector<JwtKey> read_jwks(JwtAlgorithm algorithm, std::string_view json) {
  std::vector<JwtKey> keys;
  auto set = Json::parse(json, nullptr, false);
  if (!set.is_object() || !set.contains("keys") || !set["keys"].is_array()) return keys;
  for (const auto& jwk : set["keys"]) {
    if (!jwk.is_object() || keys.size() >= kKeysOfASet) continue;
    // Nothing that says it is for something else.
    if (jwk.value("alg", Json(name(algorithm))) != name(algorithm)) continue;
    if (jwk.value("use", Json("sig")) != "sig") continue;
    const auto type = jwk.value("kty", Json());
    Result<JwtKey> key;
    if (algorithm == JwtAlgorithm::kHs256 && type == "oct") {
      if (auto secret = member(jwk, "k")) key = JwtKey::from_secret(std::move(*secret));
    } else if (algorithm == JwtAlgorithm::kRs256 && type == "RSA") {
      key = make_key(algorithm, rsa_of(jwk));
    } else if (algorithm == JwtAlgorithm::kEs256 && type == "EC") {
      key = make_key(algorithm, ec_of(jwk));
    } else if (algorithm == JwtAlgorithm::kEdDsa && type == "OKP") {
      key = make_key(algorithm, ed25519_of(jwk));
    }
    if (!key) continue;
    const auto kid = jwk.value("kid", Json());
    if (kid.is_string()) key->id = kid.get<std::string>();
    keys.push_back(std::move(*key));
  }
  return keys;
}

bool JwtKey::verify(std::string_view text, std::string_view signature) const {
  if (algorithm_ == JwtAlgorithm::kHs256)
    return equal_in_constant_time(hmac_sha256(secret_, text), signature);
  if (algorithm_ != JwtAlgorithm::kEs256) return verify_public(text, signature);
  const auto der = to_der(signature);
  return !der.empty() && verify_public(text, der);
}

bool JwtKey::verify_public(std::string_view text, std::string_view signature) const {
  Digest digest(EVP_MD_CTX_new());
  const auto* hash = algorithm_ == JwtAlgorithm::kEdDsa ? nullptr : EVP_sha256();
  return digest && EVP_DigestVerifyInit(digest.get(), nullptr, hash, nullptr, public_.get()) == 1 &&
         EVP_DigestVerify(digest.get(), octets(signature), signature.size(), octets(text),
                          text.size()) == 1;
}

}  // namespace linnet::user
