// How many pages of inboxes are read for one shard at once. A page takes its thread longer to
// encode than most else does: with a thousand devices that catch up, who talks would wait for as
// many.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

namespace linnet::gateway {

// Thread: the shard's.
class PageReads {
 public:
  // Begins to read a page, after which finished() must follow; false when there is none to read.
  using Begin = std::function<bool()>;

  explicit PageReads(std::size_t at_once) : at_once_(at_once) {}

  // At once, or when those before have finished.
  void submit(Begin begin) {
    waiting_.push_back(std::move(begin));
    begin_next();
  }
  void finished() {
    --under_way_;
    begin_next();
  }
  std::size_t under_way() const { return under_way_; }
  std::size_t waiting() const { return waiting_.size(); }
  // Those that wait are forgotten.
  void clear() { waiting_.clear(); }

 private:
  void begin_next() {
    while (under_way_ < at_once_ && !waiting_.empty()) {
      auto begin = std::move(waiting_.front());
      waiting_.pop_front();
      ++under_way_;
      if (!begin()) --under_way_;
    }
  }

  std::size_t at_once_;
  std::size_t under_way_ = 0;
  std::deque<Begin> waiting_;
};

}  // namespace linnet::gateway
