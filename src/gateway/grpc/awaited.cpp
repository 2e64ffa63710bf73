#include "grpc/awaited.hpp"

#include <vector>

namespace linnet::gateway {
namespace {

constexpr std::chrono::milliseconds kLookEvery{250};

}  // namespace

void AwaitedMessages::begin(Entry& entry) {
  if (limit_.count() == 0) return;
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    entry.due_ = clock_.steady() + limit_;
    waiting_.push_back(entry);
    first = !std::exchange(looking_, true);
  }
  if (first) shard_.post([this] { look_later(); });
}

bool AwaitedMessages::end(Entry& entry) {
  std::lock_guard lock(mutex_);
  if (entry.is_linked()) waiting_.erase(waiting_.iterator_to(entry));
  return !entry.over_;
}

void AwaitedMessages::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  timer_.cancel();
}

void AwaitedMessages::look_later() {
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
  }
  timer_.expires_after(kLookEvery);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) look();
  });
}

// What ends the late is called without the lock: gRPC may tell them of their end at once.
void AwaitedMessages::look() {
  std::vector<std::function<void()>> late;
  bool again = false;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    const auto now = clock_.steady();
    while (!waiting_.empty() && waiting_.front().due_ <= now) {
      auto& entry = waiting_.front();
      waiting_.pop_front();
      entry.over_ = true;
      late.push_back(std::move(entry.late_));
    }
    again = looking_ = !waiting_.empty();
  }
  for (auto& end_call : late)
    end_call();
  if (again) look_later();
}

}  // namespace linnet::gateway
