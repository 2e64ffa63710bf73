// Verification codes: which may be sent now, and which are right. Codes live in memory only: after
// a restart one asks again. In development mode one code, made at start and printed, serves every
// number, and a fixed one may be given beside it.
//
//   make()  ->  6 digits, good for 5 minutes, 5 tries and one sign-in; the next one after a minute
#pragma once

#include "linnet/base/clock.hpp"
#include "linnet/base/error.hpp"

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace linnet::user {

struct CodeOptions {
  bool development = true;
  std::string fixed_code;              // development mode only; empty: none
  int failures_per_minute = 10;        // per number in development mode; 0: unlimited
  int all_failures_per_minute = 1000;  // of all numbers together; 0: unlimited
  bool limit_sending = true;           // one a minute and 20 a day for each number
};

// Thread: any.
class CodeBook {
 public:
  static constexpr std::chrono::minutes kLife{5};
  static constexpr std::chrono::minutes kBetween{1};
  static constexpr int kTries = 5;
  static constexpr int kADay = 20;

  CodeBook(const Clock& clock, CodeOptions options);

  bool development() const { return options_.development; }
  // Empty outside development mode.
  const std::string& development_code() const { return development_code_; }

  // A new code for the number; an older one is good no longer. Errors: kRateLimited (too soon or
  // too many), kServerBusy (too many numbers at once).
  Result<std::string> make(const std::string& phone_number);
  // The code did not reach anybody: another may be asked for at once.
  void withdraw(const std::string& phone_number, std::string_view code);

  // Uses the code up when it is right. Errors: kBadCode; kRateLimited after too many wrong codes
  // within a minute, for this number or in all.
  Status verify(const std::string& phone_number, std::string_view code);

 private:
  using Time = std::chrono::milliseconds;
  struct Window {
    Time since{0};
    int count = 0;
  };
  struct Sent {
    std::string code;  // empty: none is good
    Time at{0};
    int tries = 0;
    Window day;
  };

  Status verify_development(const std::string& phone_number, std::string_view code, Time now);
  Status verify_sent(const std::string& phone_number, std::string_view code, Time now);
  Error refuse(Time now);
  void make_room(Time now);

  const Clock& clock_;
  const CodeOptions options_;
  std::string development_code_;
  std::mutex mutex_;
  std::unordered_map<std::string, Window> failures_;  // in development mode
  std::unordered_map<std::string, Sent> sent_;
  Window all_failures_;
};

}  // namespace linnet::user
