// Wrong proofs, counted and in the log: a line a second at most, however many there are, which says
// how many came since the one before. What was tried is in none.
#pragma once

#include "linnet/base/clock.hpp"
#include "linnet/base/error.hpp"
#include "linnet/base/log.hpp"
#include "linnet/base/refusals.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace linnet::user {

// Thread: any.
class RefusalLog {
 public:
  struct Kind {
    std::string_view event;
    Wrong wrong;      // counted when it was looked at,
    Refusal limited;  // or not, for there were too many before
  };
  RefusalLog(const Clock& clock, Logger& log, Refusals* refusals, Kind kind)
      : clock_(clock), log_(log), refusals_(refusals), kind_(kind) {}

  void note(const std::string& address, ErrCode why) {
    if (refusals_ != nullptr && why == ErrCode::kRateLimited) refusals_->count(kind_.limited);
    if (refusals_ != nullptr && why != ErrCode::kRateLimited) refusals_->count(kind_.wrong);
    const auto now = clock_.steady();
    std::uint64_t others = 0;
    {
      std::lock_guard lock(mutex_);
      if (told_ && now - *told_ < kBetween) {
        ++untold_;
        return;
      }
      told_ = now;
      others = std::exchange(untold_, 0);
    }
    log_.warn(kind_.event, {{"address", address}, {"code", name(why)}, {"others_before", others}});
  }

 private:
  static constexpr std::chrono::seconds kBetween{1};

  const Clock& clock_;
  Logger& log_;
  Refusals* refusals_;
  const Kind kind_;
  std::mutex mutex_;
  std::optional<std::chrono::milliseconds> told_;
  std::uint64_t untold_ = 0;
};

}  // namespace linnet::user
