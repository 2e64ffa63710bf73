// How many pages of inboxes are read for one shard at once, and when. A page takes its thread
// longer to encode than most else does: with a thousand devices that catch up, who talks would wait
// for as many. So while anybody on the shard talks, pages come one by one, and after each one the
// shard rests from them for some times as long as it took.
#pragma once

#include "linnet/base/talk.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

namespace linnet::gateway {

// Thread: the shard's.
class PageReads {
 public:
  using Time = Talk::Time;
  using Duration = Talk::Duration;
  // Begins to read a page, which must come by take() then; false when there is none to read.
  using Begin = std::function<bool()>;
  // Calls resume() after so long.
  using Later = std::function<void(Duration)>;
  using Now = std::function<Time()>;

  static constexpr std::size_t kAtOnceBeside = 1;
  static constexpr int kRest = 3;  // times as long as a page took

  PageReads(Talk& talk, std::size_t at_once, Later later, Now now = std::chrono::steady_clock::now)
      : talk_(talk), at_once_(at_once), later_(std::move(later)), now_(std::move(now)) {}

  // At once, or when it is its turn.
  void submit(Begin begin) {
    waiting_.push_back(std::move(begin));
    begin_next();
  }
  // A page has been read: `encode` sends it.
  template <class Encode>
  void take(Encode encode) {
    const auto begin = now_();
    taking_ = true;
    encode();
    taking_ = false;
    --under_way_;
    const auto end = now_();
    rest_until_ = end + talk_.rest_after(end - begin, kRest, end);
    begin_next();
  }
  // Something was sent; what is of a page is not counted.
  void sent() {
    if (!taking_) talk_.sent(now_());
  }
  void resume() {
    resuming_ = false;
    begin_next();
  }
  std::size_t under_way() const { return under_way_; }
  std::size_t waiting() const { return waiting_.size(); }
  // Those that wait are forgotten.
  void clear() { waiting_.clear(); }

 private:
  void begin_next() {
    while (!waiting_.empty()) {
      const auto time = now_();
      const bool beside = talk_.goes_on(time);
      if (under_way_ >= (beside ? kAtOnceBeside : at_once_)) return;
      if (beside && time < rest_until_) {
        if (!std::exchange(resuming_, true)) later_(rest_until_ - time);
        return;
      }
      auto begin = std::move(waiting_.front());
      waiting_.pop_front();
      ++under_way_;
      if (!begin()) --under_way_;
    }
  }

  Talk& talk_;
  std::size_t at_once_;
  Later later_;
  Now now_;
  std::size_t under_way_ = 0;
  std::deque<Begin> waiting_;
  Time rest_until_{};  // while anybody talks
  bool taking_ = false;
  bool resuming_ = false;  // resume() will be called
};

}  // namespace linnet::gateway
