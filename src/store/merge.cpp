#include "merge.hpp"

namespace linnet::store {
namespace {

// Rows written between two looks at the clock.
constexpr int kRowsPerLook = 16;

}  // namespace

void Merge::begin(MessageId upto) {
  upto_ = upto;
  frozen_ = tail_.freeze();
  inboxes_.assign(frozen_->order);
  written_ = 0;
  const auto frozen_keys = dedup_.freeze();
  std::vector<Key> keys;
  keys.reserve(frozen_keys->size());
  for (const auto& [key, answer] : *frozen_keys)
    keys.push_back({key, answer});
  keys_.assign(std::move(keys));
}

Status Merge::slice(std::chrono::milliseconds budget) {
  const auto inboxes_before = inboxes_.left();
  const auto written_before = written_;
  const auto keys_before = keys_.left();
  auto written = write(Clock::now() + budget);
  if (!written) {
    inboxes_.restore(inboxes_before);
    written_ = written_before;
    keys_.restore(keys_before);
    return written;
  }
  if (done()) {
    // Readers look at the tail first, so it may go now that the index has it all.
    discard_(tail_.drop_frozen());
    discard_(dedup_.drop_frozen());
    discard_(std::move(frozen_));
    frozen_ = nullptr;
    inboxes_.assign({});
    keys_.assign({});
  }
  return success();
}

Status Merge::write(Clock::time_point until) {
  // Not waited for: what a power loss takes from the index is still in the log, and the next
  // durable commit syncs the same file before it is acknowledged.
  auto relaxed = db_.set_durable(false);
  if (!relaxed) return relaxed;
  Transaction transaction(db_, Transaction::Kind::kWrite);
  if (!transaction.begun()) return transaction.begun();
  auto entries = write_entries(until);
  if (!entries) return entries;
  auto keys = write_keys(until);
  if (!keys) return keys;
  if (done()) {
    auto noted =
        Query(db_, "INSERT OR REPLACE INTO meta (key, value) VALUES ('merged_upto', ?1)", upto_)
            .run();
    if (!noted) return noted;
  }
  return transaction.commit();
}

Status Merge::write_entries(Clock::time_point until) {
  int rows = 0;
  while (inboxes_.left() > 0) {
    const auto inbox = inboxes_.top();
    const auto& places = frozen_->inboxes.find(inbox)->second;
    for (; written_ < places.size(); ++written_) {
      if (rows++ % kRowsPerLook == kRowsPerLook - 1 && Clock::now() >= until) return success();
      auto inserted = Query(db_, "INSERT OR IGNORE INTO inbox VALUES (?1, ?2, ?3)", inbox,
                            places[written_].seq, places[written_].message)
                          .run();
      if (!inserted) return inserted;
    }
    inboxes_.pop();
    written_ = 0;
  }
  return success();
}

Status Merge::write_keys(Clock::time_point until) {
  if (inboxes_.left() > 0) return success();
  for (int rows = 1; keys_.left() > 0; ++rows) {
    auto inserted = dedup_.insert(keys_.top().key, keys_.top().answer);
    if (!inserted) return inserted;
    keys_.pop();
    if (rows % kRowsPerLook == 0 && Clock::now() >= until) return success();
  }
  return success();
}

}  // namespace linnet::store
