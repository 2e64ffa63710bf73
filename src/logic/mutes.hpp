// Mutes and bans: for a time, from now on.
#pragma once

#include "linnet/base/error.hpp"
#include "linnet/base/ids.hpp"

#include <cstdint>
#include <string>

namespace linnet::logic {

inline constexpr std::int64_t kLongestMute = std::int64_t{10} * 365 * 24 * 60 * 60;  // seconds

// Until when, from so many seconds; 0: no longer. Error: kBadRequest.
inline Result<Millis> mute_end(std::int64_t seconds, Millis now) {
  if (seconds < 0 || seconds > kLongestMute)
    return Error(ErrCode::kBadRequest, "seconds: 0 to " + std::to_string(kLongestMute));
  return seconds == 0 ? Millis() : Millis(now.value() + seconds * 1000);
}

}  // namespace linnet::logic
