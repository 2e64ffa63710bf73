// How many tokens that prove nothing an address may show: a flood of invented ones must neither
// fill the queue of the system that is asked for them nor be as good as a guess. Tokens that are
// remembered as good are not asked about here.
#pragma once

#include "linnet/base/clock.hpp"
#include "linnet/base/refusals.hpp"

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

namespace linnet::user {

struct TokenGuardOptions {
  int bad_per_minute = 0;   // 0: no limit
  std::size_t at_once = 0;  // of one address, whose proof is awaited; 0: no limit
};

// Thread: any.
class TokenGuard {
 public:
  // What is refused is counted in `refusals`, if there are any, and what proved nothing as `kind`.
  TokenGuard(const Clock& clock, TokenGuardOptions options, Refusals* refusals,
             Wrong kind = Wrong::kToken)
      : clock_(clock), options_(options), refusals_(refusals), kind_(kind) {}

  // Whether a token from there may be looked at; then leave() must follow. No address: it may.
  bool enter(const std::string& address);
  void leave(const std::string& address, bool good);

 private:
  struct Window {
    std::chrono::milliseconds since{0};
    int bad = 0;
    std::size_t under_way = 0;
  };
  void make_room(std::chrono::milliseconds now);

  const Clock& clock_;
  const TokenGuardOptions options_;
  Refusals* refusals_;
  const Wrong kind_;
  std::mutex mutex_;
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace linnet::user
