#include "room_log.hpp"

namespace linnet::router {

void RoomLog::append(Seq seq, std::size_t priority, wire::SharedFramePtr frame) {
  bytes_ += frame->size();
  in_all_.fetch_add(frame->size(), std::memory_order_relaxed);
  auto entry = entries_.emplace_hint(entries_.end(), seq, Entry{priority, std::move(frame)});
  by_priority_.at(priority).emplace(seq, entry);
  newest_ = seq;
}

bool RoomLog::over(std::size_t times) const {
  return bytes_ > times * limits_.bytes || entries_.size() > times * limits_.entries;
}

bool RoomLog::over_in_all() const {
  return limits_.bytes_in_all > 0 && in_all_.load(std::memory_order_relaxed) > limits_.bytes_in_all;
}

bool RoomLog::overdue() const {
  return over(2);
}

wire::SharedFramePtr RoomLog::next(Seq& cursor, std::uint64_t& dropped) const {
  if (newest_ <= cursor) return nullptr;
  auto found = entries_.upper_bound(cursor);
  if (found == entries_.end()) {
    dropped += static_cast<std::uint64_t>(newest_.value() - cursor.value());
    cursor = newest_;
    return nullptr;
  }
  dropped += static_cast<std::uint64_t>(found->first.value() - cursor.value() - 1);
  cursor = found->first;
  return found->second.frame;
}

void RoomLog::erase(Entries::iterator entry) {
  const auto size = entry->second.frame->size();
  bytes_ -= size;
  in_all_.fetch_sub(size, std::memory_order_relaxed);
  by_priority_.at(entry->second.priority).erase(entry->first);
  entries_.erase(entry);
}

void RoomLog::forget(Seq seq) {
  while (!entries_.empty() && entries_.begin()->first <= seq)
    erase(entries_.begin());
}

std::size_t RoomLog::trim() {
  std::size_t for_all = 0;
  for (auto& group : by_priority_) {
    for (bool own = over(1); !group.empty() && (own || over_in_all()); own = over(1)) {
      erase(group.begin()->second);
      if (!own) ++for_all;
    }
  }
  return for_all;
}

}  // namespace linnet::router
