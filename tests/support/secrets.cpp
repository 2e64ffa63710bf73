#include "secrets.hpp"

#include <algorithm>
#include <cctype>
#include <mutex>
#include <set>

namespace linnet::test {
namespace {

constexpr std::size_t kRandom = 20;  // characters from which on one is looked up, not for

bool is_token_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}

bool is_random(std::string_view secret) {
  return secret.size() >= kRandom && std::all_of(secret.begin(), secret.end(), is_token_character);
}

struct Secrets {
  std::mutex mutex;
  std::set<std::string, std::less<>> random;  // thousands, each a word of a log
  std::set<std::string, std::less<>> others;
};

Secrets& known() {
  static Secrets secrets;
  return secrets;
}

}  // namespace

void remember_secret(std::string_view secret) {
  secret.remove_prefix(secret.rfind('.') + 1);
  auto& secrets = known();
  std::lock_guard lock(secrets.mutex);
  if (!secret.empty()) (is_random(secret) ? secrets.random : secrets.others).emplace(secret);
}

std::string secret_in(std::string_view log) {
  auto& secrets = known();
  std::lock_guard lock(secrets.mutex);
  for (const auto& one : secrets.others)
    if (log.find(one) != std::string_view::npos) return one;
  for (auto at = log.begin(); at != log.end();) {
    at = std::find_if(at, log.end(), is_token_character);
    const auto end = std::find_if_not(at, log.end(), is_token_character);
    const auto word = std::string_view(log).substr(static_cast<std::size_t>(at - log.begin()),
                                                   static_cast<std::size_t>(end - at));
    if (word.size() >= kRandom && secrets.random.count(word) != 0) return std::string(word);
    at = end;
  }
  return {};
}

}  // namespace linnet::test
