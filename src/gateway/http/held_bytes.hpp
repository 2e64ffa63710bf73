// What the bodies of a shard's HTTP connections take together: of requests that are read or
// answered, and of answers that are not sent yet. When it is too much, who holds the most goes
// first: an answer that nobody reads should not take the place of those that are read.
#pragma once

#include <boost/intrusive/list.hpp>

#include <algorithm>
#include <cstddef>

namespace linnet::gateway {

// Thread: the shard's.
class HeldBytes {
 public:
  // What is not counted: the usual call has less, and so many from each connection may be held.
  static constexpr std::size_t kFree = 16 * 1024;

  class Holder : public boost::intrusive::list_base_hook<boost::intrusive::tag<HeldBytes>> {
   private:
    friend class HeldBytes;
    std::size_t bytes_ = 0;
  };

  // 0: no limit.
  explicit HeldBytes(std::size_t limit) : limit_(limit) {}

  // `holder` holds so many from now on, or would. Null when there is room for it; else who has to
  // let go for that: `holder` itself, if nobody holds more. Whoever it is is to be released.
  Holder* hold(Holder& holder, std::size_t bytes) {
    release(holder);
    if (bytes <= kFree) return nullptr;
    holder.bytes_ = bytes;
    all_ += bytes;
    holders_.push_front(holder);
    if (limit_ == 0 || all_ <= limit_) return nullptr;
    // The first of the largest: the newest of those who hold as much.
    return &*std::max_element(holders_.begin(), holders_.end(),
                              [](const auto& a, const auto& b) { return a.bytes_ < b.bytes_; });
  }
  void release(Holder& holder) {
    if (!holder.is_linked()) return;
    holders_.erase(holders_.iterator_to(holder));
    all_ -= holder.bytes_;
    holder.bytes_ = 0;
  }
  std::size_t all() const { return all_; }

 private:
  std::size_t limit_;
  std::size_t all_ = 0;
  boost::intrusive::list<Holder, boost::intrusive::base_hook<boost::intrusive::list_base_hook<
                                     boost::intrusive::tag<HeldBytes>>>>
      holders_;
};

}  // namespace linnet::gateway
