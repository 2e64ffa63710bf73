// Whether anybody talks on a shard: whether one of its connections has just been pushed a message.
// Work for many, such as pages of inboxes or what a room says to its members, keeps the shard's
// thread and a processor for long. It is done in slices, and while anybody talks it rests after
// each one.
#pragma once

#include <chrono>

namespace linnet {

// Thread: the shard's.
class Talk {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  static constexpr std::chrono::milliseconds kLasts{200};  // after a message

  void sent(Time now) { last_ = now; }
  bool goes_on(Time now) const { return last_ != Time() && now - last_ < kLasts; }
  // How long to rest after a slice that took `spent`: that long, `times` times; nothing when nobody
  // talks.
  Duration rest_after(Duration spent, int times, Time now) const {
    return goes_on(now) ? times * spent : Duration::zero();
  }

 private:
  Time last_{};
};

}  // namespace linnet
