#include "jwt_users.hpp"

#include <algorithm>
#include <utility>

namespace linnet::user {
namespace {

constexpr std::chrono::minutes kBetweenFetches{1};
constexpr std::chrono::hours kFresh{1};
constexpr std::size_t kMostWaiting = 10000;
constexpr std::size_t kMostWaitingBytes = 8 * 1024 * 1024;

Error unknown_key() {
  return Error(ErrCode::kUnauthorized, "the token is signed by a key that is not known here");
}

// Without the mark that some editors put before a text, and blanks.
std::string_view begin_of(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

}  // namespace

Result<std::vector<JwtKey>> read_key_file(JwtAlgorithm algorithm, const std::string& text) {
  std::vector<JwtKey> keys;
  const auto set = begin_of(text);
  // Whoever has a public key would sign tokens if it were taken for the secret.
  if (algorithm == JwtAlgorithm::kHs256 && text.find("-----BEGIN") != std::string::npos)
    return Error(ErrCode::kBadRequest,
                 "it is PEM: HS256 wants a secret that nobody else has, such as that of: openssl "
                 "rand -hex 32");
  if (set.starts_with('{')) {
    keys = read_jwks(algorithm, set);
    if (keys.empty())
      return Error(ErrCode::kBadRequest, "the set has no key for " + std::string(name(algorithm)));
    return keys;
  }
  auto key = algorithm == JwtAlgorithm::kHs256 ? JwtKey::from_secret(text)
                                               : JwtKey::from_pem(algorithm, text);
  if (!key) return key.take_error();
  keys.push_back(std::move(*key));
  return keys;
}

JwtUsers::JwtUsers(const JwtOptions& options, const Clock& clock, Logger& log, HttpClient* http)
    : options_(options), clock_(clock), log_(log), http_(http) {
  Keys keys;
  if (!options_.keys.empty()) {
    auto read = read_key_file(options_.algorithm, options_.keys);
    if (read) keys = std::move(*read);
  }
  keys_ = std::make_shared<const Keys>(std::move(keys));
}

void JwtUsers::prove(Credentials credentials, Done<Proof> done) {
  auto jwt = parse_jwt(credentials.token, options_.algorithm);
  if (!jwt) return done(jwt.take_error());
  std::shared_ptr<const Keys> keys;
  const JwtKey* key = nullptr;
  bool begin = false;
  {
    std::lock_guard lock(mutex_);
    keys = keys_;
    key = choose_key(*keys, *jwt);
    begin = begin_fetch(key == nullptr);
  }
  if (key != nullptr) {
    done(check(credentials, *jwt, *key));
  } else {
    wait(Waiting{std::move(credentials), std::move(done)});
  }
  if (begin) fetch_keys();
}

// Until the fetch that is under way has ended; without one there is nothing to wait for.
void JwtUsers::wait(Waiting waiting) {
  Error refusal = unknown_key();
  std::shared_ptr<const Keys> keys;
  {
    std::lock_guard lock(mutex_);
    if (fetching_ && has_room(waiting)) {
      waiting_bytes_ += waiting.credentials.token.size();
      waiting_.push_back(std::move(waiting));
      return;
    }
    if (fetching_) refusal = Error(ErrCode::kServerBusy);
    if (!fetching_ && failed_) refusal = Error(ErrCode::kUserSystem);
    keys = keys_;
  }
  // A fetch may have ended since the key was missed.
  answer_waiting(waiting, *keys, std::move(refusal));
}

// Under the lock.
bool JwtUsers::has_room(const Waiting& waiting) const {
  return waiting_.size() < kMostWaiting &&
         waiting_bytes_ + waiting.credentials.token.size() <= kMostWaitingBytes;
}

// `missing`: when there is no key for it.
void JwtUsers::answer_waiting(Waiting& waiting, const Keys& keys, Error missing) const {
  const auto jwt = parse_jwt(waiting.credentials.token, options_.algorithm);
  const auto* key = jwt ? choose_key(keys, *jwt) : nullptr;
  if (key == nullptr) return waiting.done(std::move(missing));
  waiting.done(check(waiting.credentials, *jwt, *key));
}

// Whether the caller is to fetch, which is noted. Under the lock.
bool JwtUsers::begin_fetch(bool key_is_missing) {
  const auto now = clock_.steady();
  const bool stale = !renewed_ || now - *renewed_ >= kFresh;
  if (!may_fetch(now) || !(key_is_missing || stale)) return false;
  fetching_ = true;
  asked_ = now;
  return true;
}

bool JwtUsers::may_fetch(std::chrono::milliseconds now) const {
  if (!options_.jwks_url || fetching_) return false;
  return !asked_ || now - *asked_ >= kBetweenFetches;
}

void JwtUsers::fetch_keys() {
  HttpCall call;
  call.url = *options_.jwks_url;
  call.method = "GET";
  http_->send(std::move(call), [this](Result<HttpAnswer> answer) { fetched(std::move(answer)); });
}

void JwtUsers::fetched(Result<HttpAnswer> answer) {
  Keys keys;
  if (answer && answer->status == 200) keys = read_jwks(options_.algorithm, answer->body);
  const bool failed = keys.empty();
  if (failed)
    log_.warn("jwks_not_fetched",
              {{"status", answer ? answer->status : 0},
               {"detail", answer ? std::string("no fitting key") : answer.error().detail()}});
  std::vector<Waiting> waiting;
  std::shared_ptr<const Keys> now_known;
  {
    std::lock_guard lock(mutex_);
    fetching_ = false;
    failed_ = failed;
    // Old keys are better than none, while the set cannot be had.
    if (!failed) {
      keys_ = std::make_shared<const Keys>(std::move(keys));
      renewed_ = clock_.steady();
    }
    now_known = keys_;
    waiting.swap(waiting_);
    waiting_bytes_ = 0;
  }
  for (auto& one : waiting)
    answer_waiting(one, *now_known, failed ? Error(ErrCode::kUserSystem) : unknown_key());
}

Result<Proof> JwtUsers::check(const Credentials& credentials, const Jwt& jwt,
                              const JwtKey& key) const {
  if (!key.verify(jwt.signed_text, jwt.signature))
    return Error(ErrCode::kUnauthorized, "the token's signature does not hold");
  auto claims = read_claims(jwt.payload, options_.rules, clock_.wall());
  if (!claims) return claims.take_error();
  if ((credentials.user && credentials.user != claims->user) ||
      (credentials.device && credentials.device != claims->device))
    return Error(ErrCode::kUnauthorized, "the token is another user's or device's");
  Proof proof;
  proof.identity = Identity{claims->user, claims->device};
  proof.issued = claims->issued.value_or(Millis());
  // A key that is withdrawn is believed no longer than the set it was in.
  const auto hour = std::chrono::duration_cast<std::chrono::milliseconds>(kFresh).count();
  proof.until = std::min(claims->expires, Millis(clock_.wall().value() + hour));
  return proof;
}

}  // namespace linnet::user
