// What the calls about passwords share.
#pragma once

#include "password_workers.hpp"
#include "shares.hpp"
#include "tries.hpp"

#include "linnet/user/accounts.hpp"

namespace linnet::user {

struct Accounts::Passwords {
  Passwords(const Clock& clock, const AccountOptions& options)
      : workers(options.password_threads, kQueue, options.password_cost),
        by_number(clock, options.limit_failures ? options.failures_per_minute : 0),
        by_address(clock, options.limit_failures ? kPerAddress * options.failures_per_minute : 0),
        shares(options.limit_failures ? kShare : 0) {}

  static constexpr std::size_t kQueue = 64;
  static constexpr std::size_t kShare = kQueue / 8;  // of an address, and of a number
  static constexpr int kPerAddress = 5;              // times as many: whole offices share one
  PasswordWorkers workers;
  Tries by_number;
  Tries by_address;
  Shares shares;
};

}  // namespace linnet::user
