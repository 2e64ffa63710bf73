#include "grpc/refused.hpp"

#include "grpc/peer.hpp"

#include <algorithm>
#include <vector>

namespace linnet::gateway {
namespace {

constexpr std::size_t kNeverForgotten = 64;  // owing connections, however many have paid

}  // namespace

std::optional<std::chrono::nanoseconds> RefusalPaces::refused(const std::string& peer,
                                                              std::size_t bytes) {
  if (is_local_peer(peer)) return std::nullopt;
  const std::chrono::nanoseconds now = clock_.steady();
  RefusalPace::Duration wait{0};
  {
    std::lock_guard lock(mutex_);
    wait = owing_[peer].refused(limits_, now, bytes, at_once_);
    if (owing_.size() > std::max(forgets_at_, kNeverForgotten)) forget_paid(now);
  }
  if (wait.count() == 0) return std::nullopt;
  refusals_.count(Refusal::kRefused);
  return now + wait;
}

// Who owes nothing is as one that was never seen, and most have gone.
void RefusalPaces::forget_paid(std::chrono::nanoseconds now) {
  std::erase_if(owing_, [now](const auto& one) { return !one.second.owes(now); });
  forgets_at_ = 2 * owing_.size();
}

bool HeldRefusals::hold(Entry& entry, std::chrono::nanoseconds due) {
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    if (stopped_ || entry.abandoned_) return false;
    entry.due_ = due;
    held_.insert(entry);
    first = &*held_.begin() == &entry;
  }
  if (first) shard_.post([this] { wait(); });
  return true;
}

bool HeldRefusals::abandon(Entry& entry) {
  std::lock_guard lock(mutex_);
  entry.abandoned_ = true;
  if (!entry.is_linked()) return false;
  held_.erase(held_.iterator_to(entry));
  return true;
}

void HeldRefusals::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  timer_.cancel();
  answer_due(std::chrono::nanoseconds::max());
}

void HeldRefusals::wait() {
  {
    std::lock_guard lock(mutex_);
    if (stopped_ || held_.empty()) return;
    timer_.expires_after(held_.begin()->due_ - clock_.steady());
  }
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    answer_due(clock_.steady());
    wait();
  });
}

// Without the lock: gRPC may tell a call of its end at once.
void HeldRefusals::answer_due(std::chrono::nanoseconds now) {
  std::vector<std::function<void()>> due;
  {
    std::lock_guard lock(mutex_);
    while (!held_.empty() && held_.begin()->due_ <= now) {
      auto& entry = *held_.begin();
      held_.erase(held_.begin());
      due.push_back(entry.answer_);
    }
  }
  for (auto& answer : due)
    answer();
}

}  // namespace linnet::gateway
