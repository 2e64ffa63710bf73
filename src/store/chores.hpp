// What the writer does between two transactions of its callers, in slices of a few milliseconds:
// merging, acknowledgements, pruning.
#pragma once

#include "acks.hpp"
#include "merge.hpp"
#include "message_log.hpp"
#include "tuning.hpp"

#include <chrono>

namespace linnet::store {

// Thread: the writer's.
class Chores {
 public:
  struct Limits {
    std::chrono::milliseconds merge_slice{2};
    std::size_t merge_after = 524'288;
    std::chrono::milliseconds idle_before_merge{20};
    std::chrono::milliseconds ack_delay{400};
    std::size_t tail_limit = 0;  // entries, from which on slices are longer
  };
  Chores(Connection& db, Tail& tail, MessageLog& log, Dedup& dedup, Acks& acks, Merge& merge,
         const Limits& limits);

  // At most one slice; of two in a row one at most is of acknowledgements, as they may come without
  // a pause. `idle`: nobody waited for the writer. An error of the disk leaves all as it was, to be
  // tried again after a pause, of the acknowledgements or of the rest; it is told by every run
  // until what failed is done.
  Status run(bool idle);
  // How long the writer may sleep before the next run; 0: there is more to do now.
  std::chrono::milliseconds rest() const { return rest_; }
  // Everything that only memory has and the log has not. Before the end.
  Status finish();

 private:
  using Clock = std::chrono::steady_clock;
  bool acks_due(Clock::time_point now) const;
  bool merge_due(bool idle, Clock::time_point now);
  bool slice_due(bool idle);
  void step(bool idle);
  void slice(bool idle, Clock::time_point now);
  void merge_slice();
  void flush_acks();
  void prune(Clock::time_point now);
  Status write_acks(const std::vector<Ack>& acks);

  Connection& db_;
  Tail& tail_;
  MessageLog& log_;
  Dedup& dedup_;
  Acks& acks_;
  Merge& merge_;
  Limits limits_;
  Clock::time_point idle_since_;
  bool was_idle_ = false;
  Clock::time_point acks_from_;  // they wait until then, to be written together
  bool acks_last_ = false;       // the last slice was of them
  Clock::time_point pruned_at_;
  // How the last of each went.
  Status merged_ = success();
  Status pruned_ = success();
  Status flushed_ = success();
  Clock::time_point paused_until_;
  Clock::time_point ended_;  // the last run
  // Time that the merge may take, earned by time that the senders had.
  Clock::duration credit_{0};
  std::chrono::milliseconds rest_{0};
};

}  // namespace linnet::store
