// Builds the inbox index and the dedup table behind the log, in key order, a slice at a time.
#pragma once

#include "connection.hpp"
#include "dedup.hpp"
#include "tail.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace linnet::store {

// Gives items in order without sorting them all at once (which would stall the writer for a tenth
// of a second when there are a million), and can go back to a former place.
template <class Item, class Later>
class Ordered {
 public:
  void assign(std::vector<Item> items) {
    items_ = std::move(items);
    left_ = items_.size();
    std::make_heap(items_.begin(), items_.end(), Later{});
  }
  std::size_t left() const { return left_; }
  const Item& top() const { return items_.front(); }
  void pop() {
    std::pop_heap(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(left_), Later{});
    --left_;
  }
  // Takes back the newest pops: what was popped stands behind the heap, newest first.
  void restore(std::size_t left) {
    while (left_ < left)
      std::push_heap(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(++left_),
                     Later{});
  }

 private:
  std::vector<Item> items_;
  std::size_t left_ = 0;
};

// Thread: the writer's.
class Merge {
 public:
  // What is no longer needed is given to `discard`, to be freed where nobody waits.
  using Discard = std::function<void(std::shared_ptr<const void>)>;
  Merge(Connection& db, Tail& tail, Dedup& dedup, Discard discard)
      : db_(db), tail_(tail), dedup_(dedup), discard_(std::move(discard)) {}

  bool running() const { return frozen_ != nullptr; }
  // Freezes what is in memory: the entries and keys of all messages up to `upto`.
  void begin(MessageId upto);
  // Writes for about `budget` in a transaction of its own. On failure the next call writes the same
  // again.
  Status slice(std::chrono::milliseconds budget);

 private:
  using Clock = std::chrono::steady_clock;
  struct LaterInbox {
    bool operator()(InboxId a, InboxId b) const { return a > b; }
  };
  struct Key {
    RequestKey key;
    Answer answer;
  };
  struct LaterKey {
    bool operator()(const Key& a, const Key& b) const {
      return a.answer.day != b.answer.day ? a.answer.day > b.answer.day : a.key > b.key;
    }
  };

  Status write(Clock::time_point until);
  Status write_entries(Clock::time_point until);
  Status write_keys(Clock::time_point until);
  bool done() const { return inboxes_.left() == 0 && keys_.left() == 0; }

  Connection& db_;
  Tail& tail_;
  Dedup& dedup_;
  Discard discard_;
  std::shared_ptr<const Tail::Generation> frozen_;
  MessageId upto_;
  Ordered<InboxId, LaterInbox> inboxes_;
  std::size_t written_ = 0;  // entries of the first inbox
  Ordered<Key, LaterKey> keys_;
};

}  // namespace linnet::store
