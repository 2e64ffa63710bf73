// How often something may go wrong within a minute, by phone number or address; and what is to be
// noted of it where a restart must not forget it.
#pragma once

#include "linnet/base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace linnet::user {

// Thread: any.
class Tries {
 public:
  // What outlives the process: at most `count` failures since then.
  struct Noted {
    std::int32_t count = 0;
    Millis since = {};
  };

  // `per_minute` 0: unlimited.
  Tries(const Clock& clock, int per_minute) : clock_(clock), per_minute_(per_minute) {}

  // Counts a try before its outcome is known, so that many at once are as limited as one after the
  // other; false: there were as many as there may be. `before`: what was noted of it last.
  bool take(const std::string& who, const Noted& before);
  bool take(const std::string& who) { return take(who, Noted()); }
  // The try was no failure after all.
  void give_back(const std::string& who);
  // The try was one, of somebody of whom it is to be noted. Nothing: what was noted covers it. Each
  // note covers a quarter of the limit ahead, so that there are no more than four a minute.
  std::optional<Noted> note(const std::string& who);

 private:
  struct Window {
    std::chrono::milliseconds since{0};
    int count = 0;
    int noted = 0;
  };
  Window window_after(const Noted& before, std::chrono::milliseconds now) const;

  const Clock& clock_;
  const int per_minute_;
  std::mutex mutex_;
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace linnet::user
