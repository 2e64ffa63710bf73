// JSON Web Tokens: recorded ones of each algorithm, and everything that makes one no good.
#include "jwt.hpp"

#include "support/jwt.hpp"

#include "linnet/base/random.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace linnet;
using namespace linnet::user;
using test::claims_of;
using test::make_jwt;
using Json = nlohmann::json;

namespace {

const Millis kNow(1700000000000);

struct Recorded {
  JwtAlgorithm algorithm;
  std::string jwk;
  std::string token;
};

const std::string kJoe =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";

// RFC 7515, appendices A.1 to A.3, and RFC 8037, appendix A.4.
std::vector<Recorded> recorded() {
  return {
      {JwtAlgorithm::kHs256,
       R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
       "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + kJoe +
           ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
      {JwtAlgorithm::kRs256,
       R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})",
       "eyJhbGciOiJSUzI1NiJ9." + kJoe +
           ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
           "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARN"
           "PvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
           "eOkHWEsqtFZESc6BfI7noOPqvhJ1p"
           "hCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
      {JwtAlgorithm::kEs256,
       R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
       "eyJhbGciOiJFUzI1NiJ9." + kJoe +
           ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-"
           "Kg6NU1Q"},
      {JwtAlgorithm::kEdDsa,
       R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
       "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
       "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
  };
}

std::string set_of(const std::string& jwk) {
  return R"({"keys":[)" + jwk + "]}";
}

bool holds(const JwtKey& key, const Jwt& jwt) {
  return key.verify(jwt.signed_text, jwt.signature);
}

ErrCode read(const Json& claims, const JwtRules& rules = {}) {
  return read_claims(claims.dump(), rules, kNow).code();
}

}  // namespace

TEST_CASE("the recorded tokens of the standards hold, and with one bit changed do not") {
  REQUIRE(init_random());
  for (const auto& [algorithm, jwk, token] : recorded()) {
    CAPTURE(name(algorithm));
    auto keys = read_jwks(algorithm, set_of(jwk));
    REQUIRE(keys.size() == 1);
    auto jwt = parse_jwt(token, algorithm);
    REQUIRE(jwt);
    CHECK(holds(keys[0], *jwt));
    for (std::size_t i = 0; i < jwt->signature.size(); ++i) {
      auto changed = *jwt;
      changed.signature[i] = static_cast<char>(changed.signature[i] ^ 1);
      CHECK_FALSE(holds(keys[0], changed));
    }
    auto changed = *jwt;
    changed.signed_text.back() = changed.signed_text.back() == 'A' ? 'B' : 'A';
    CHECK_FALSE(holds(keys[0], changed));
    for (const auto& wrong : {std::string(), jwt->signature + "x", jwt->signature.substr(1),
                              std::string(jwt->signature.size(), '\0')}) {
      changed = *jwt;
      changed.signature = wrong;
      CHECK_FALSE(holds(keys[0], changed));
    }
  }
}

TEST_CASE("a key is for one algorithm, and a token with another is refused") {
  auto all = recorded();
  for (const auto& key : all)
    for (const auto& other : all) {
      if (key.algorithm == other.algorithm) continue;
      CHECK(read_jwks(key.algorithm, set_of(other.jwk)).empty());
      CHECK(parse_jwt(other.token, key.algorithm).code() == ErrCode::kUnauthorized);
    }
}

TEST_CASE("keys that are weak, broken or for something else are left out") {
  for (const char* jwk : {R"({"kty":"RSA","n":"AQAB","e":"AQAB"})", R"({"kty":"RSA","e":"AQAB"})",
                          R"({"kty":"RSA","n":5,"e":"AQAB"})", R"({"kty":5})", "5", "null", "{}"})
    CHECK(read_jwks(JwtAlgorithm::kRs256, set_of(jwk)).empty());
  // A point that is on no curve; another curve; half a point.
  for (
      const char* jwk :
      {R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})",
       R"({"kty":"EC","crv":"P-384","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
       R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})"})
    CHECK(read_jwks(JwtAlgorithm::kEs256, set_of(jwk)).empty());
  CHECK(read_jwks(JwtAlgorithm::kHs256, set_of(R"({"kty":"oct","k":"c2hvcnQ"})")).empty());
  auto eddsa = Json::parse(recorded()[3].jwk);
  eddsa["use"] = "enc";
  CHECK(read_jwks(JwtAlgorithm::kEdDsa, set_of(eddsa.dump())).empty());
  eddsa["use"] = "sig";
  eddsa["alg"] = "ES256";
  CHECK(read_jwks(JwtAlgorithm::kEdDsa, set_of(eddsa.dump())).empty());
  eddsa["alg"] = "EdDSA";
  eddsa["kid"] = "one";
  auto keys = read_jwks(JwtAlgorithm::kEdDsa, set_of(eddsa.dump()));
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].id == "one");
  for (const char* text : {"", "{", "[]", R"({"keys":5})", R"({"keys":{}})"})
    CHECK(read_jwks(JwtAlgorithm::kEdDsa, text).empty());
  CHECK(JwtKey::from_pem(JwtAlgorithm::kRs256, "no pem").code() == ErrCode::kBadRequest);
  CHECK(JwtKey::from_secret("short").code() == ErrCode::kBadRequest);
}

TEST_CASE("what has another shape is no token") {
  const auto good = make_jwt({{"alg", "HS256"}}, claims_of(1, 2));
  CHECK(parse_jwt(good, JwtAlgorithm::kHs256));
  for (const auto& wrong : std::vector<std::string>{
           "", ".", "..", "a.b", good + "=", good + ".x", " " + good, "l1.1.2.secret",
           good.substr(0, good.rfind('.')), make_jwt({{"alg", "none"}}, claims_of(1, 2)),
           make_jwt({{"alg", "hs256"}}, claims_of(1, 2)), make_jwt(Json::object(), claims_of(1, 2)),
           make_jwt({{"alg", 5}}, claims_of(1, 2)), make_jwt(Json::array(), claims_of(1, 2)),
           make_jwt({{"alg", "HS256"}, {"crit", {"exp"}}}, claims_of(1, 2)),
           std::string(9000, 'x')}) {
    CAPTURE(wrong.substr(0, 100));
    CHECK(parse_jwt(wrong, JwtAlgorithm::kHs256).code() == ErrCode::kUnauthorized);
  }
}

TEST_CASE("a token names its key, unless there is only one") {
  REQUIRE(init_random());
  auto key = [](const std::string& id) {
    auto made = *JwtKey::from_secret(test::kJwtSecret);
    made.id = id;
    return made;
  };
  auto chosen = [](const std::vector<JwtKey>& keys, const Json& header) {
    auto jwt = *parse_jwt(make_jwt(header, claims_of(1, 2)), JwtAlgorithm::kHs256);
    const auto* found = choose_key(keys, jwt);
    return found == nullptr ? std::string("none") : "key " + found->id;
  };
  const Json unnamed{{"alg", "HS256"}};
  const Json named{{"alg", "HS256"}, {"kid", "b"}};
  const Json other{{"alg", "HS256"}, {"kid", "c"}};
  CHECK(chosen({}, unnamed) == "none");
  CHECK(chosen({key("")}, unnamed) == "key ");
  CHECK(chosen({key("")}, named) == "key ");
  CHECK(chosen({key("b")}, unnamed) == "key b");
  CHECK(chosen({key("b")}, other) == "none");
  CHECK(chosen({key("a"), key("b")}, named) == "key b");
  CHECK(chosen({key("a"), key("b")}, unnamed) == "none");
  CHECK(chosen({key("a"), key("b")}, other) == "none");
}

TEST_CASE("claims must be of the time, from the issuer, and name a user and a device") {
  const auto good = claims_of(7, 8);
  CHECK(read(good) == ErrCode::kSuccess);
  auto claims = read_claims(good.dump(), {}, kNow);
  CHECK(claims->user == UserId(7));
  CHECK(claims->device == DeviceId(8));
  CHECK(claims->expires == Millis(1700003600000));
  CHECK_FALSE(claims->issued);
  struct Case {
    std::string claim;
    Json value;  // null: the claim is left out
    bool good;
  };
  const std::int64_t now = 1700000000;
  for (const auto& [claim, value, fine] : std::vector<Case>{{"exp", {}, false},
                                                            {"exp", now + 1, true},
                                                            {"exp", now - 29, true},
                                                            {"exp", now - 30, false},
                                                            {"exp", 0.5 + double(now), true},
                                                            {"exp", "1700003600", false},
                                                            {"exp", -1, false},
                                                            {"exp", 1e300, false},
                                                            {"nbf", now + 30, true},
                                                            {"nbf", now + 31, false},
                                                            {"nbf", "x", false},
                                                            {"iat", now, true},
                                                            {"iat", "x", false},
                                                            {"sub", 7, true},
                                                            {"sub", {}, false},
                                                            {"sub", 0, false},
                                                            {"sub", -7, false},
                                                            {"sub", "-7", false},
                                                            {"sub", "7x", false},
                                                            {"sub", "", false},
                                                            {"sub", 7.0, false},
                                                            {"sub", 1e30, false},
                                                            {"sub", "99999999999999999999", false},
                                                            {"sub", UINT64_MAX, false},
                                                            {"device_id", {}, false},
                                                            {"device_id", "8", true},
                                                            {"device_id", Json::array(), false}}) {
    auto changed = good;
    if (value.is_null()) {
      changed.erase(claim);
    } else {
      changed[claim] = value;
    }
    CAPTURE(claim, value.dump());
    CHECK(read(changed) == (fine ? ErrCode::kSuccess : ErrCode::kUnauthorized));
  }
  CHECK(read(Json::array()) == ErrCode::kUnauthorized);
  CHECK(read_claims("{", {}, kNow).code() == ErrCode::kUnauthorized);
}

TEST_CASE("other names of claims, an issuer and an audience are what the configuration says") {
  JwtRules rules;
  rules.user_claim = "uid";
  rules.device_claim = "did";
  rules.issuer = "me";
  rules.audience = "linnet";
  Json claims{{"uid", 1}, {"did", 2}, {"exp", 1700003600}, {"iss", "me"}, {"aud", "linnet"}};
  CHECK(read(claims, rules) == ErrCode::kSuccess);
  claims["aud"] = {"other", "linnet"};
  CHECK(read(claims, rules) == ErrCode::kSuccess);
  claims["aud"] = {"other"};
  CHECK(read(claims, rules) == ErrCode::kUnauthorized);
  claims.erase("aud");
  CHECK(read(claims, rules) == ErrCode::kUnauthorized);
  claims["aud"] = "linnet";
  claims["iss"] = "you";
  CHECK(read(claims, rules) == ErrCode::kUnauthorized);
  claims.erase("iss");
  CHECK(read(claims, rules) == ErrCode::kUnauthorized);
}
