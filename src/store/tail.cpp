#include "tail.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace linnet::store {
namespace {

constexpr std::size_t kPlacesAtFirst = 4;

const std::vector<Place>* places_of(const Tail::Generation* generation, InboxId inbox) {
  if (generation == nullptr) return nullptr;
  auto it = generation->inboxes.find(inbox);
  return it == generation->inboxes.end() ? nullptr : &it->second;
}

}  // namespace

Tail::Part Tail::read(InboxId inbox, Seq after, std::size_t limit) const {
  Part part;
  std::lock_guard lock(mutex_);
  for (const auto* places : {places_of(frozen_.get(), inbox), places_of(active_.get(), inbox)}) {
    if (places == nullptr) continue;
    if (!part.first) part.first = places->front().seq;
    part.head = places->back().seq;
    auto from = std::upper_bound(places->begin(), places->end(), after,
                                 [](Seq seq, const Place& place) { return seq < place.seq; });
    for (; from != places->end() && part.places.size() < limit; ++from)
      part.places.push_back(*from);
  }
  return part;
}

Seq Tail::head(InboxId inbox) const {
  std::lock_guard lock(mutex_);
  if (const auto* places = places_of(active_.get(), inbox)) return places->back().seq;
  if (const auto* places = places_of(frozen_.get(), inbox)) return places->back().seq;
  return Seq();
}

std::size_t Tail::size() const {
  std::lock_guard lock(mutex_);
  return active_->entries + (frozen_ ? frozen_->entries : 0);
}

std::size_t Tail::active_size() const {
  std::lock_guard lock(mutex_);
  return active_->entries;
}

void Tail::add(std::span<const Entry> entries) {
  std::lock_guard lock(mutex_);
  for (const auto& entry : entries) {
    auto& places = active_->inboxes[entry.inbox];
    if (places.empty()) {
      active_->order.push_back(entry.inbox);
      places.reserve(kPlacesAtFirst);
    }
    places.push_back({entry.seq, entry.message});
  }
  active_->entries += entries.size();
}

std::shared_ptr<const Tail::Generation> Tail::freeze() {
  auto next = std::make_shared<Generation>();
  // Growing a table of a hundred thousand inboxes would stop who sends for milliseconds.
  next->inboxes.reserve(active_->inboxes.size());
  std::lock_guard lock(mutex_);
  assert(!frozen_);
  frozen_ = std::exchange(active_, std::move(next));
  return frozen_;
}

std::shared_ptr<const Tail::Generation> Tail::drop_frozen() {
  std::lock_guard lock(mutex_);
  return std::exchange(frozen_, nullptr);
}

}  // namespace linnet::store
