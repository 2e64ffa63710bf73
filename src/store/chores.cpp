#include "chores.hpp"

#include <algorithm>

namespace linnet::store {
namespace {

constexpr std::chrono::milliseconds kRest{250};
// Nobody came for so long: the merge may go on.
constexpr std::chrono::milliseconds kLull{1};
constexpr std::chrono::milliseconds kPauseAfterFailure{500};
constexpr std::size_t kAcksPerSlice = 1024;
constexpr std::size_t kManyAcks = 65'536;
constexpr int kPrunedPerSlice = 512;
constexpr std::chrono::milliseconds kBetweenPrunes{20};  // while there is other work
constexpr int kLongerSlices = 5;
// With so many entries in the tail, merging gets as much time as sending, and more or less in
// proportion. A small tail is in no hurry: the longer it grows, the more of its entries fall on the
// same pages of the index, and the cheaper each is.
constexpr double kEvenTail = 1'048'576;
constexpr double kLeastShare = 0.05;

}  // namespace

Chores::Chores(Connection& db, Tail& tail, MessageLog& log, Dedup& dedup, Acks& acks, Merge& merge,
               const Limits& limits)
    : db_(db),
      tail_(tail),
      log_(log),
      dedup_(dedup),
      acks_(acks),
      merge_(merge),
      limits_(limits),
      acks_from_(Clock::now() + limits.ack_delay),
      ended_(Clock::now()) {}

Status Chores::run(bool idle) {
  step(idle);
  for (const auto* last : {&merged_, &pruned_, &flushed_})
    if (!*last) return *last;
  return success();
}

void Chores::step(bool idle) {
  const auto now = Clock::now();
  if (idle && !was_idle_) idle_since_ = now;
  was_idle_ = idle;
  rest_ = kRest;
  const auto share = std::max(static_cast<double>(tail_.size()) / kEvenTail, kLeastShare);
  credit_ += std::chrono::duration_cast<Clock::duration>((now - ended_) * share);
  credit_ = std::min<Clock::duration>(credit_, limits_.merge_slice);
  const bool acks = acks_due(now);
  if (acks && !acks_last_) {
    acks_last_ = true;
    rest_ = {};
    flush_acks();
    ended_ = Clock::now();
    return;
  }
  acks_last_ = false;
  if (now < paused_until_) return;
  slice(idle, now);
  ended_ = Clock::now();
  if (!merged_ || !pruned_) paused_until_ = ended_ + kPauseAfterFailure;
  if (acks) rest_ = {};
}

bool Chores::acks_due(Clock::time_point now) const {
  const auto waiting = acks_.size();
  return waiting > 0 && (now >= acks_from_ || (waiting >= kManyAcks && flushed_));
}

void Chores::slice(bool idle, Clock::time_point now) {
  const bool prunes = dedup_.chore_due(log_.clock());
  if (!prunes) pruned_ = success();
  if (prunes && (idle || now >= pruned_at_ + kBetweenPrunes)) {
    rest_ = {};
    prune(now);
    return;
  }
  if (!merge_.running() && merge_due(idle, now)) merge_.begin(log_.last());
  if (!merge_.running()) return;
  if (!merge_.ready() || !slice_due(idle)) {
    rest_ = kLull;
    return;
  }
  rest_ = {};
  merge_slice();
}

bool Chores::slice_due(bool idle) {
  if (idle || tail_.size() > limits_.tail_limit) return true;
  if (credit_ < limits_.merge_slice) return false;
  credit_ = {};
  return true;
}

bool Chores::merge_due(bool idle, Clock::time_point now) {
  const auto entries = tail_.active_size();
  if (entries == 0) return false;
  if (entries >= limits_.merge_after) return true;
  // Merging a few entries at each short lull would touch the same pages again and again.
  const auto begin = idle_since_ + limits_.idle_before_merge;
  if (idle && now >= begin) return true;
  const auto left = idle ? begin - now : limits_.idle_before_merge;
  rest_ = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(left),
                     std::chrono::milliseconds(1), kRest);
  return false;
}

void Chores::merge_slice() {
  auto budget = limits_.merge_slice;
  if (tail_.size() > limits_.tail_limit) budget *= kLongerSlices;
  merged_ = merge_.slice(budget);
}

void Chores::prune(Clock::time_point now) {
  pruned_at_ = now;
  pruned_ = db_.set_durable(false);
  if (pruned_) pruned_ = dedup_.run_chore(log_.clock(), kPrunedPerSlice);
}

void Chores::flush_acks() {
  const auto acks = acks_.take(kAcksPerSlice);
  flushed_ = write_acks(acks);
  if (flushed_) {
    acks_.written();
    if (acks.size() < kAcksPerSlice) acks_from_ = Clock::now() + limits_.ack_delay;
  } else {
    // The rest does not wait for them: it may be their table alone that is damaged.
    acks_.put_back();
    acks_from_ = Clock::now() + kPauseAfterFailure;
  }
}

Status Chores::write_acks(const std::vector<Ack>& acks) {
  auto relaxed = db_.set_durable(false);
  if (!relaxed) return relaxed;
  Transaction transaction(db_, Transaction::Kind::kWrite);
  if (!transaction.begun()) return transaction.begun();
  for (const auto& ack : acks) {
    auto head = log_.head(inbox_of(ack.user));
    // A damaged inbox keeps nobody else's from being written.
    const auto seq = head ? std::min(ack.seq, *head) : Seq();
    if (!seq) continue;
    auto written = Query(db_,
                         "INSERT INTO device_ack (user_id, device_id, seq) SELECT ?1, ?2, ?3"
                         " WHERE NOT EXISTS (SELECT 1 FROM erased_user WHERE id = ?1)"
                         " ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
                         ack.user, ack.device, seq)
                       .run();
    if (!written) return written;
  }
  return transaction.commit();
}

Status Chores::finish() {
  while (acks_.size() > 0) {
    flush_acks();
    if (!flushed_) return flushed_;
  }
  // How long the day has lasted: else servers that live for minutes would never end one.
  if (dedup_.unsaved(log_.clock())) prune(Clock::now());
  return pruned_;
}

}  // namespace linnet::store
