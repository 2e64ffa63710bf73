// The secrets that a test has used: tokens, keys, passwords. No server's log may have one, and
// ServerProcess looks for them in each when its server has ended.
#pragma once

#include <string>
#include <string_view>

namespace linnet::test {

// Of a token only the part behind its last dot is secret. Thread: any.
void remember_secret(std::string_view secret);
// As each of the load generator's accounts has one.
template <class Accounts>
void remember_tokens(const Accounts& accounts) {
  for (const auto& account : accounts)
    remember_secret(account.token);
}
// One that stands in `log`; empty: none.
std::string secret_in(std::string_view log);

}  // namespace linnet::test
