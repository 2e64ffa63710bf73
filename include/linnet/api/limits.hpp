// Rate limits: token buckets for each class of calls, by user or by address.
#pragma once

#include "linnet/base/clock.hpp"
#include "linnet/base/error.hpp"
#include "linnet/base/ids.hpp"
#include "linnet/base/refusals.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

namespace linnet::api {

enum class RateClass { kRead, kWrite, kJoin, kServer, kCode, kSearch };

struct Rate {
  double per_second = 0;
  double burst = 0;
};

struct LimitOptions {
  bool enabled = true;
  Rate read{200, 1000};      // per user
  Rate write{100, 500};      // per user
  Rate join{50, 500};        // per address: RegisterDevice, SignIn
  Rate server{5000, 20000};  // per API key
  Rate code{10.0 / 60, 20};  // per address: SendCode
  Rate search{1, 30};        // per user: SearchUser
};

// Thread: any.
class Limiter {
 public:
  // What is refused is counted in `refusals`, if there are any.
  Limiter(const Clock& clock, LimitOptions options, Refusals* refusals = nullptr)
      : clock_(clock), options_(options), refusals_(refusals) {}

  // Takes `price` tokens of `who` (a user's id or a key's, by class) or of `address`; false when
  // there are not so many. All that a call takes, with what it has `taken` before, is no more than
  // may be saved up.
  bool allow(RateClass rate, std::int64_t who, std::string_view address, double price = 1,
             double taken = 0);
  // Takes as many of what was done already: what is not there is owed, as much as may be saved up,
  // and until it is there nothing is allowed.
  void charge(RateClass rate, std::int64_t who, std::string_view address, double price);
  // Counts the answer of a call, if it was a refusal for the sake of a limit of the rules'.
  void count(ErrCode answer);

 private:
  struct Bucket {
    double tokens = 0;
    std::chrono::milliseconds at{0};
  };
  const Rate& rate_of(RateClass rate) const;
  // Of whoever pays, with what has come since it was last looked at; with the mutex held.
  Bucket& bucket_of(RateClass rate, std::int64_t who, std::string_view address);
  void count(RateClass rate);
  void forget_full(std::chrono::milliseconds now);

  const Clock& clock_;
  LimitOptions options_;
  Refusals* refusals_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Bucket> buckets_;
};

}  // namespace linnet::api
