#include "tries.hpp"

namespace linnet::user {
namespace {

constexpr std::chrono::minutes kTriesWindow{1};
constexpr std::size_t kMostTriers = 100000;

}  // namespace

bool Tries::take(const std::string& who) {
  if (per_minute_ == 0) return true;
  auto now = clock_.steady();
  std::lock_guard lock(mutex_);
  if (windows_.size() >= kMostTriers) {
    std::erase_if(windows_,
                  [&](const auto& entry) { return now - entry.second.since >= kTriesWindow; });
    // Who comes now is refused rather than uncounted.
    if (windows_.size() >= kMostTriers && windows_.count(who) == 0) return false;
  }
  auto& window = windows_.try_emplace(who, Window{now, 0}).first->second;
  if (now - window.since >= kTriesWindow) window = Window{now, 0};
  if (window.count >= per_minute_) return false;
  ++window.count;
  return true;
}

void Tries::give_back(const std::string& who) {
  std::lock_guard lock(mutex_);
  auto it = windows_.find(who);
  if (it == windows_.end()) return;
  if (--it->second.count == 0) windows_.erase(it);
}

}  // namespace linnet::user
