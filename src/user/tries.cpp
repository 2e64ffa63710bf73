#include "tries.hpp"

#include <algorithm>

namespace linnet::user {
namespace {

constexpr std::chrono::minutes kTriesWindow{1};
constexpr std::size_t kMostTriers = 100000;
constexpr int kNotesOfAWindow = 4;

}  // namespace

// What begins when somebody is counted who was not. A note from the future is none: the clock was
// set back, and nobody shall be locked out until it gets there.
Tries::Window Tries::window_after(const Noted& before, std::chrono::milliseconds now) const {
  const auto wall = clock_.wall();
  const auto first = Millis(wall.value() - std::chrono::milliseconds(kTriesWindow).count());
  if (before.count < 1 || before.since <= first || before.since > wall) return Window{now, 0, 0};
  const std::chrono::milliseconds passed(wall.value() - before.since.value());
  return Window{now - passed, before.count, before.count};
}

bool Tries::take(const std::string& who, const Noted& before) {
  if (per_minute_ == 0) return true;
  auto now = clock_.steady();
  std::lock_guard lock(mutex_);
  if (windows_.size() >= kMostTriers) {
    std::erase_if(windows_,
                  [&](const auto& entry) { return now - entry.second.since >= kTriesWindow; });
    // Who comes now is refused rather than uncounted.
    if (windows_.size() >= kMostTriers && windows_.count(who) == 0) return false;
  }
  auto& window = windows_.try_emplace(who, window_after(before, now)).first->second;
  if (now - window.since >= kTriesWindow) window = Window{now, 0, 0};
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

std::optional<Tries::Noted> Tries::note(const std::string& who) {
  std::lock_guard lock(mutex_);
  auto it = windows_.find(who);
  if (it == windows_.end() || it->second.count <= it->second.noted) return std::nullopt;
  auto& window = it->second;
  const int ahead = (per_minute_ + kNotesOfAWindow - 1) / kNotesOfAWindow;
  window.noted = std::min(per_minute_, window.count + ahead - 1);
  const auto passed = (clock_.steady() - window.since).count();
  return Noted{window.noted, Millis(clock_.wall().value() - passed)};
}

}  // namespace linnet::user
