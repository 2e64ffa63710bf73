// How long one connection's packets may keep the others of its shard waiting, and when those go on
// that have sent more than can be served in it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

namespace linnet::gateway {

// One connection's packets while it is its turn. Looks at the clock after the first of them, after
// each that is large, and now and then.
template <class Clock = std::chrono::steady_clock>
class Turn {
 public:
  static constexpr std::chrono::microseconds kLength{50};

  // After each packet, of so many bytes. A small one with nothing behind it is let pass unseen.
  bool over(std::size_t bytes, bool more_behind) {
    const bool due = packets_++ % kPacketsBetweenLooks == 0 && more_behind;
    return (due || bytes >= kLarge) && Clock::now() - began_ >= kLength;
  }

 private:
  static constexpr int kPacketsBetweenLooks = 4;
  static constexpr std::size_t kLarge = 512;

  int packets_ = 0;
  typename Clock::time_point began_ = Clock::now();
};

// Those that go on when the others have been served, one in each turn of the loop, so that however
// many wait here, who is ready waits for one of them. A crowd of them gets half of the shard's
// time: a processor is free then when somebody else needs one.
//
// Thread: the shard's.
template <class Member>
class Crowd {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;
  // Both call resume(): at the end of the loop's turn, or after so long.
  using Soon = std::function<void()>;
  using Later = std::function<void(Duration)>;
  using Now = std::function<Time()>;

  static constexpr std::size_t kMany = 8;
  // How long they go on without a rest, at least. A rest is as long as they took, but for one of
  // them that took very long: the others of the crowd are not to wait for it twice.
  static constexpr std::chrono::microseconds kSpell{500};
  static constexpr std::chrono::milliseconds kLongestRest{20};

  Crowd(Soon soon, Later later, Now now = std::chrono::steady_clock::now)
      : soon_(std::move(soon)), later_(std::move(later)), now_(std::move(now)) {}

  // Its take_turn() is called when it is its turn.
  void add(std::shared_ptr<Member> member) {
    waiting_.push_back(std::move(member));
    if (waiting_.size() == 1) next();
  }
  void resume() {
    if (waiting_.empty()) return;  // cleared
    const auto began = now_();
    waiting_.front()->take_turn();  // it may wait here again, behind itself
    spent_ += now_() - began;
    waiting_.pop_front();
    if (!waiting_.empty()) next();
  }
  void clear() { waiting_.clear(); }

 private:
  void next() {
    if (spent_ < kSpell || waiting_.size() < kMany) return soon_();
    later_(std::min<Duration>(std::exchange(spent_, Duration::zero()), kLongestRest));
  }

  Soon soon_;
  Later later_;
  Now now_;
  std::deque<std::shared_ptr<Member>> waiting_;
  Duration spent_{0};  // since the last rest
};

}  // namespace linnet::gateway
