#include "token_guard.hpp"

namespace linnet::user {
namespace {

constexpr std::chrono::minutes kGuardWindow{1};
constexpr std::size_t kRemembered = 100000;

}  // namespace

bool TokenGuard::enter(const std::string& address) {
  if (address.empty()) return true;
  const auto now = clock_.steady();
  std::lock_guard lock(mutex_);
  if (windows_.size() >= kRemembered) make_room(now);
  auto& window = windows_[address];
  if (now - window.since >= kGuardWindow) {
    window.since = now;
    window.bad = 0;
  }
  const bool too_many = (options_.bad_per_minute > 0 && window.bad >= options_.bad_per_minute) ||
                        (options_.at_once > 0 && window.under_way >= options_.at_once);
  if (too_many) {
    if (refusals_ != nullptr) refusals_->count(Refusal::kTokens);
    return false;
  }
  ++window.under_way;
  return true;
}

void TokenGuard::leave(const std::string& address, bool good) {
  if (address.empty()) return;
  std::lock_guard lock(mutex_);
  auto it = windows_.find(address);
  if (it == windows_.end()) return;
  if (it->second.under_way > 0) --it->second.under_way;
  if (good) return;
  ++it->second.bad;
  if (refusals_ != nullptr) refusals_->count(kind_);
}

// Forgets whose minute is over, and if need be the others: the limit of all is the queue's.
void TokenGuard::make_room(std::chrono::milliseconds now) {
  std::erase_if(windows_, [&](const auto& entry) {
    return entry.second.under_way == 0 && now - entry.second.since >= kGuardWindow;
  });
  if (windows_.size() >= kRemembered) windows_.clear();
}

}  // namespace linnet::user
