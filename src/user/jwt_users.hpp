// Users whose tokens are JSON Web Tokens: proved by keys that came with the configuration, or that
// are fetched from a URL.
//
//   a token with a key that is not there -> fetch the set (at most once a minute) -> look again
//   a set older than an hour             -> fetch it behind the answer
#pragma once

#include "jwt.hpp"
#include "outside_users.hpp"

#include "linnet/base/clock.hpp"
#include "linnet/base/log.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace linnet::user {

// Thread: any.
class JwtUsers final : public OutsideUsers {
 public:
  // `http` only where options.jwks_url is set; it is closed before this goes.
  JwtUsers(const JwtOptions& options, const Clock& clock, Logger& log, HttpClient* http);

  void prove(Credentials credentials, Done<Proof> done) override;

 private:
  using Keys = std::vector<JwtKey>;
  // Taken apart again when its key has come: what waits is kept once.
  struct Waiting {
    Credentials credentials;
    Done<Proof> done;
  };

  Result<Proof> check(const Credentials& credentials, const Jwt& jwt, const JwtKey& key) const;
  bool begin_fetch(bool key_is_missing);
  void wait(Waiting waiting);
  bool has_room(const Waiting& waiting) const;
  void answer_waiting(Waiting& waiting, const Keys& keys, Error missing) const;
  bool may_fetch(std::chrono::milliseconds now) const;
  void fetch_keys();
  void fetched(Result<HttpAnswer> answer);

  const JwtOptions options_;
  const Clock& clock_;
  Logger& log_;
  HttpClient* http_;
  std::mutex mutex_;
  std::shared_ptr<const Keys> keys_;
  bool fetching_ = false;
  bool failed_ = false;                               // the last time
  std::optional<std::chrono::milliseconds> asked_;    // when the set was asked for last
  std::optional<std::chrono::milliseconds> renewed_;  // when it came
  std::vector<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;  // of their tokens
};

// The keys in a file: a secret for HS256, a public key as PEM for the others, or a set of them as
// JSON. Error: kBadRequest, with a sentence.
Result<std::vector<JwtKey>> read_key_file(JwtAlgorithm algorithm, const std::string& text);

}  // namespace linnet::user
