// How often something may go wrong within a minute, by phone number or address.
#pragma once

#include "linnet/base/clock.hpp"

#include <chrono>
#include <mutex>
#include <string>
#include <unordered_map>

namespace linnet::user {

// Thread: any.
class Tries {
 public:
  // `per_minute` 0: unlimited.
  Tries(const Clock& clock, int per_minute) : clock_(clock), per_minute_(per_minute) {}

  // Counts a try before its outcome is known, so that many at once are as limited as one after the
  // other; false: there were as many as there may be.
  bool take(const std::string& who);
  // The try was no failure after all.
  void give_back(const std::string& who);

 private:
  struct Window {
    std::chrono::milliseconds since{0};
    int count = 0;
  };

  const Clock& clock_;
  const int per_minute_;
  std::mutex mutex_;
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace linnet::user
