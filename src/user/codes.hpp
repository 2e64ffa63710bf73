// Verification codes: which may be sent now, and which are right. Codes live in memory only: after
// a restart one asks again. In development mode one code, made at start and printed, serves every
// number, and a fixed one may be given beside it.
//
//   make()  ->  6 digits, good for 5 minutes, 5 tries and one sign-in; the next one after a minute
//
// Of what a number gets in a day one address uses up a part only, so that nobody shuts it out
// alone.
#pragma once

#include "linnet/base/clock.hpp"
#include "linnet/base/error.hpp"

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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
  // Of one address, for one number; but not of this machine, where a proxy may be.
  static constexpr int kADayFromOne = 5;
  static constexpr int kWrongADayFromOne = 10;

  CodeBook(const Clock& clock, CodeOptions options);

  bool development() const { return options_.development; }
  // Empty outside development mode.
  const std::string& development_code() const { return development_code_; }

  // A new code for the number; an older one is good no longer. Errors: kRateLimited (too soon or
  // too many), kServerBusy (too many numbers at once).
  Result<std::string> make(const std::string& phone_number, const std::string& address = {});
  // The code did not reach anybody: another may be asked for at once.
  void withdraw(const std::string& phone_number, std::string_view code,
                const std::string& address = {});

  // Uses the code up when it is right. Errors: kBadCode; kRateLimited after too many wrong codes
  // within a minute, for this number or in all. An address that was wrong too often today for the
  // number is told kBadCode, as if no code had been sent.
  Status verify(const std::string& phone_number, std::string_view code,
                const std::string& address = {});

 private:
  using Time = std::chrono::milliseconds;
  struct Window {
    Time since{0};
    int count = 0;
  };
  struct Asker {
    std::size_t address;  // its hash
    int codes = 0;
    int wrong = 0;
  };
  struct Sent {
    std::string code;  // empty: none is good
    Time at{0};
    int tries = 0;
    Window day;
    std::vector<Asker> askers;  // of the day: each has had a code or a wrong try
    const Asker* find(const std::string& address) const;
    Asker& note(const std::string& address);
  };

  Status verify_development(const std::string& phone_number, std::string_view code, Time now);
  Status verify_sent(const std::string& phone_number, std::string_view code,
                     const std::string& address, Time now);
  bool counts(const std::string& address) const;
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
