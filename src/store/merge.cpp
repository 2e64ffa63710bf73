#include "merge.hpp"

#include "inbox_index.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace linnet::store {
namespace {

// Rows written between two looks at the clock.
constexpr int kRowsPerLook = 16;
// So few are sorted sooner than another thread is woken.
constexpr std::size_t kSortedHere = 4096;

}  // namespace

void Merge::sort(const Tail::Generation& tail, const Dedup::Generation& keys, Sorted& sorted) {
  std::vector<InboxId> order = tail.order;
  std::sort(order.begin(), order.end());
  sorted.entries.reserve(tail.entries);
  for (auto inbox : order)
    for (const auto& place : tail.inboxes.at(inbox))
      sorted.entries.push_back({inbox, place.seq, place.message});
  sorted.keys.reserve(keys.size());
  for (const auto& [key, answer] : keys)
    sorted.keys.push_back({key, answer});
  std::sort(sorted.keys.begin(), sorted.keys.end(), [](const Key& a, const Key& b) {
    return std::tie(a.answer.day, a.key.request, a.key.device) <
           std::tie(b.answer.day, b.key.request, b.key.device);
  });
  sorted.ready.store(true, std::memory_order_release);
}

void Merge::begin(MessageId upto) {
  upto_ = upto;
  entries_written_ = 0;
  keys_written_ = 0;
  sorted_ = std::make_shared<Sorted>();
  auto entries = tail_.freeze();
  auto keys = dedup_.freeze();
  if (entries->entries < kSortedHere) {
    sort(*entries, *keys, *sorted_);
  } else {
    elsewhere_([entries = std::move(entries), keys = std::move(keys), sorted = sorted_] {
      sort(*entries, *keys, *sorted);
    });
  }
}

Status Merge::slice(std::chrono::milliseconds budget) {
  const auto entries_before = entries_written_;
  const auto keys_before = keys_written_;
  auto written = write(Clock::now() + budget);
  if (!written) {
    entries_written_ = entries_before;
    keys_written_ = keys_before;
    return written;
  }
  if (done()) {
    // Readers look at the tail first, so it may go now that the index has it all.
    auto garbage = std::make_tuple(tail_.drop_frozen(), dedup_.drop_frozen(), std::move(sorted_));
    sorted_ = nullptr;
    elsewhere_([garbage = std::move(garbage)]() mutable { garbage = {}; });
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

// An inbox's entries as runs, as long as a run may be: what is written again after a crash then
// begins at the same places.
Status Merge::write_entries(Clock::time_point until) {
  const auto& entries = sorted_->entries;
  std::array<Place, kRunEntries> run{};
  for (int rows = 1; !entries_done(); ++rows) {
    const auto inbox = entries[entries_written_].inbox;
    std::size_t length = 0;
    for (auto i = entries_written_;
         i < entries.size() && entries[i].inbox == inbox && length < run.size(); ++i)
      run.at(length++) = {entries[i].seq, entries[i].message};
    auto inserted = insert_run(db_, inbox, std::span(run).first(length));
    if (!inserted) return inserted;
    entries_written_ += length;
    if (rows % kRowsPerLook == 0 && Clock::now() >= until) return success();
  }
  return success();
}

Status Merge::write_keys(Clock::time_point until) {
  if (!entries_done()) return success();
  const auto& keys = sorted_->keys;
  for (int rows = 1; keys_written_ < keys.size(); ++rows) {
    auto inserted = dedup_.insert(keys[keys_written_].key, keys[keys_written_].answer);
    if (!inserted) return inserted;
    ++keys_written_;
    if (rows % kRowsPerLook == 0 && Clock::now() >= until) return success();
  }
  return success();
}

}  // namespace linnet::store
