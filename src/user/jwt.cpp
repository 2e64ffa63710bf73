#include "jwt.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace linnet::user {
namespace {

constexpr std::size_t kLongest = 8192;
constexpr std::int64_t kLeeway = 30'000;  // of clocks that differ

using Json = nlohmann::json;

Error refused(const char* why) {
  return Error(ErrCode::kUnauthorized, std::string("the token ") + why);
}

Json parse_object(const std::string& text) {
  auto value = Json::parse(text, nullptr, false);
  return value.is_object() ? value : Json();
}

// An id as a number, or as decimal text; 0: none.
std::int64_t id_in(const Json& claims, const std::string& claim) {
  auto it = claims.find(claim);
  if (it == claims.end()) return 0;
  std::int64_t id = 0;
  if (it->is_number_unsigned() && it->get<std::uint64_t>() <= INT64_MAX) {
    id = it->get<std::int64_t>();
  } else if (it->is_string()) {
    const auto& text = it->get_ref<const std::string&>();
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size()) return 0;
  }
  return std::max<std::int64_t>(id, 0);
}

// A NumericDate (seconds, perhaps with a fraction); nothing when it is not there. False: it is
// none.
bool read_time(const Json& claims, const char* claim, std::optional<Millis>& time) {
  constexpr double kLatest = 1e12;
  auto it = claims.find(claim);
  if (it == claims.end()) return true;
  if (!it->is_number()) return false;
  const auto seconds = it->get<double>();
  if (!(seconds >= 0 && seconds <= kLatest)) return false;
  time = Millis(static_cast<std::int64_t>(std::floor(seconds * 1000)));
  return true;
}

bool is_for(const Json& claims, const std::string& audience) {
  auto it = claims.find("aud");
  if (it == claims.end()) return false;
  if (it->is_array()) return std::find(it->begin(), it->end(), Json(audience)) != it->end();
  return *it == audience;
}

}  // namespace

Result<Jwt> parse_jwt(std::string_view token, JwtAlgorithm algorithm) {
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (token.size() > kLongest || second == std::string_view::npos)
    return refused("is no JSON Web Token");
  auto header = decode_base64url(token.substr(0, first));
  auto payload = decode_base64url(token.substr(first + 1, second - first - 1));
  auto signature = decode_base64url(token.substr(second + 1));
  if (!header || !payload || !signature) return refused("is no JSON Web Token");
  const auto fields = parse_object(*header);
  if (!fields.is_object()) return refused("is no JSON Web Token");
  if (fields.value("alg", Json()) != name(algorithm)) return refused("has another algorithm");
  // What is critical there is unknown here (RFC 7515, section 4.1.11).
  if (fields.contains("crit")) return refused("demands what is not understood");

  Jwt jwt;
  const auto kid = fields.value("kid", Json());
  if (kid.is_string()) jwt.key_id = kid.get<std::string>();
  jwt.signed_text = std::string(token.substr(0, second));
  jwt.signature = std::move(*signature);
  jwt.payload = std::move(*payload);
  return jwt;
}

const JwtKey* choose_key(const std::vector<JwtKey>& keys, const Jwt& jwt) {
  // A single key without a name is for every token: it came from a file of its own.
  if (keys.size() == 1 && (jwt.key_id.empty() || keys.front().id.empty())) return &keys.front();
  if (jwt.key_id.empty()) return nullptr;
  for (const auto& key : keys)
    if (key.id == jwt.key_id) return &key;
  return nullptr;
}

Result<JwtClaims> read_claims(const std::string& payload, const JwtRules& rules, Millis now) {
  const auto claims = parse_object(payload);
  if (!claims.is_object()) return refused("has no claims");
  std::optional<Millis> expires;
  std::optional<Millis> begins;
  JwtClaims read;
  if (!read_time(claims, "exp", expires) || !read_time(claims, "nbf", begins) ||
      !read_time(claims, "iat", read.issued))
    return refused("has a time that is none");
  if (!expires) return refused("has no expiry");
  if (now.value() >= expires->value() + kLeeway) return refused("has expired");
  if (begins && now.value() < begins->value() - kLeeway) return refused("is not good yet");
  if (!rules.issuer.empty() && claims.value("iss", Json()) != rules.issuer)
    return refused("is of another issuer");
  if (!rules.audience.empty() && !is_for(claims, rules.audience))
    return refused("is for another audience");
  read.user = UserId(id_in(claims, rules.user_claim));
  read.device = DeviceId(id_in(claims, rules.device_claim));
  if (!read.user || !read.device) return refused("names no user or no device");
  read.expires = *expires;
  return read;
}

}  // namespace linnet::user
