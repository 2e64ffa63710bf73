// Verification codes. Without a sender of codes there is development mode: one code, made at start
// and printed, serves every number, and a fixed one may be given beside it.
#pragma once

#include "linnet/base/clock.hpp"
#include "linnet/base/error.hpp"

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace linnet::user {

// Thread: any.
class CodeBook {
 public:
  // `failures_per_minute` 0: unlimited.
  CodeBook(const Clock& clock, std::string fixed_code, int failures_per_minute);

  const std::string& development_code() const { return development_code_; }

  // Errors: kBadCode; kRateLimited after too many wrong codes for this number within a minute.
  Status verify(const std::string& phone_number, std::string_view code);

 private:
  struct Failures {
    std::chrono::milliseconds since{0};
    int count = 0;
  };

  const Clock& clock_;
  std::string development_code_;
  std::string fixed_code_;
  int failures_per_minute_;
  std::mutex mutex_;
  std::unordered_map<std::string, Failures> failures_;
};

}  // namespace linnet::user
