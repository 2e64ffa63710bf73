#include "room_core.hpp"

#include "pb/room.ext.pb.h"

#include <algorithm>

namespace linnet::router {

void RoomCore::enter(UserId user, std::size_t shard) {
  ++seats_[shard];
  ++connections_;
  ++users_[user];
  ++changes_;
}

void RoomCore::leave(UserId user, std::size_t shard) {
  --seats_[shard];
  --connections_;
  auto found = users_.find(user);
  if (--found->second == 0) users_.erase(found);
  ++changes_;
}

std::vector<UserId> RoomCore::users(UserId after, std::size_t limit) const {
  std::vector<UserId> found;
  for (auto it = users_.upper_bound(after); it != users_.end() && found.size() < limit; ++it)
    found.push_back(it->first);
  return found;
}

RoomItemPtr RoomCore::append(pb::RoomItem item, const RoomOptions& options) {
  seq_ = seq_.next();
  item.set_seq(seq_.value());
  auto kept = std::make_shared<const pb::RoomItem>(std::move(item));
  keep(kept, options);
  return kept;
}

void RoomCore::keep(RoomItemPtr item, const RoomOptions& options) {
  if (options.history_entries == 0) return;
  const auto bytes = item->ByteSizeLong();
  history_.push_back({std::move(item), bytes});
  history_bytes_ += bytes;
  total_->fetch_add(bytes, std::memory_order_relaxed);
  for (bool own = over(options); own || over_in_all(options); own = over(options)) {
    if (!own && options.refusals != nullptr) options.refusals->count(Refusal::kRoomHistory);
    history_bytes_ -= history_.front().bytes;
    total_->fetch_sub(history_.front().bytes, std::memory_order_relaxed);
    history_.pop_front();
  }
}

bool RoomCore::over(const RoomOptions& options) const {
  return history_.size() > options.history_entries || history_bytes_ > options.history_bytes;
}

bool RoomCore::over_in_all(const RoomOptions& options) const {
  return history_.size() > 1 && options.history_bytes_in_all > 0 &&
         total_->load(std::memory_order_relaxed) > options.history_bytes_in_all;
}

void RoomCore::forget_history() {
  history_.clear();
  total_->fetch_sub(history_bytes_, std::memory_order_relaxed);
  history_bytes_ = 0;
  first_ = seq_;
}

void RoomCore::restore(const std::vector<RoomItemPtr>& items, const RoomOptions& options) {
  if (items.empty() || seq_ != first_ || !history_.empty()) return;
  for (const auto& item : items)
    keep(item, options);
  // The clock may have been set back since.
  seq_ = std::max(seq_, Seq(items.back()->seq()));
  if (!history_.empty()) first_ = Seq(history_.front().item->seq() - 1);
}

RoomPast RoomCore::history(HistoryWanted wanted) const {
  RoomPast past;
  // A seq that is yet to come, or before the first, is from another life of the room.
  const bool known = !wanted.since || (wanted.since >= first_ && wanted.since <= seq_);
  const Seq since = wanted.since && known ? wanted.since : first_;
  auto first = std::find_if(history_.begin(), history_.end(),
                            [&](const Kept& kept) { return Seq(kept.item->seq()) > since; });
  auto count = static_cast<std::size_t>(history_.end() - first);
  if (count > wanted.entries) first += static_cast<std::ptrdiff_t>(count - wanted.entries);
  for (; first != history_.end(); ++first)
    past.items.push_back(first->item);
  const Seq before = past.items.empty() ? seq_ : Seq(past.items.front()->seq() - 1);
  // Where an item is missing, and after a restart, which leaves a gap in the seqs.
  const bool whole = past.items.empty() || (past.items.back()->seq() == seq_.value() &&
                                            seq_.value() - before.value() ==
                                                static_cast<std::int64_t>(past.items.size()));
  past.complete = known && before == since && whole;
  return past;
}

pb::RoomState RoomCore::state() const {
  pb::RoomState state;
  state.set_room_id(id.value());
  state.set_seq(seq_.value());
  state.set_online(static_cast<std::int64_t>(connections_));
  state.set_users(static_cast<std::int64_t>(users_.size()));
  return state;
}

}  // namespace linnet::router
