// Builds the inbox index and the dedup table behind the log, in key order, a slice at a time.
#pragma once

#include "connection.hpp"
#include "dedup.hpp"
#include "tail.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace linnet::store {

// Thread: the writer's.
class Merge {
 public:
  // Runs something on another thread, soon, or at once on this one. What takes long and touches
  // only what no longer changes is done there: sorting and freeing a million entries take a tenth
  // of a second each.
  using Elsewhere = std::function<void(std::function<void()>)>;
  Merge(Connection& db, Tail& tail, Dedup& dedup, Elsewhere elsewhere)
      : db_(db), tail_(tail), dedup_(dedup), elsewhere_(std::move(elsewhere)) {}

  bool running() const { return sorted_ != nullptr; }
  // Freezes what is in memory: the entries and keys of all messages up to `upto`.
  void begin(MessageId upto);
  // It is sorted; slices may be written.
  bool ready() const { return sorted_->ready.load(std::memory_order_acquire); }
  // Writes for about `budget` in a transaction of its own. On failure the next call writes the same
  // again. Only when ready().
  Status slice(std::chrono::milliseconds budget);

 private:
  using Clock = std::chrono::steady_clock;
  struct Key {
    RequestKey key;
    Answer answer;
  };
  // What is written, in the order of the tables' keys.
  struct Sorted {
    std::vector<Entry> entries;
    std::vector<Key> keys;
    std::atomic<bool> ready = false;
  };
  static void sort(const Tail::Generation& tail, const Dedup::Generation& keys, Sorted& sorted);

  Status write(Clock::time_point until);
  Status write_entries(Clock::time_point until);
  Status write_keys(Clock::time_point until);
  bool entries_done() const { return entries_written_ == sorted_->entries.size(); }
  bool done() const { return entries_done() && keys_written_ == sorted_->keys.size(); }

  Connection& db_;
  Tail& tail_;
  Dedup& dedup_;
  Elsewhere elsewhere_;
  MessageId upto_;
  std::shared_ptr<Sorted> sorted_;
  std::size_t entries_written_ = 0;
  std::size_t keys_written_ = 0;
};

}  // namespace linnet::store
