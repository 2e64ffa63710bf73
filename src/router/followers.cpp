#include "followers.hpp"

namespace linnet::router {

Followers::Place* Followers::find(std::size_t slot, GroupId group) {
  auto it = slots_.find(slot);
  if (it == slots_.end()) return nullptr;
  for (auto& place : it->second)
    if (place.group == group) return &place;
  return nullptr;
}

void Followers::add(std::size_t slot, GroupId group) {
  if (find(slot, group) != nullptr) return;
  auto& list = groups_[group];
  slots_[slot].push_back({group, list.size()});
  list.push_back(slot);
}

// The last of the list takes the place that falls empty.
void Followers::take_from_group(const Place& place) {
  auto it = groups_.find(place.group);
  auto& list = it->second;
  const auto last = list.back();
  list[place.index] = last;
  find(last, place.group)->index = place.index;
  list.pop_back();
  if (list.empty()) groups_.erase(it);
}

void Followers::remove(std::size_t slot, GroupId group) {
  auto* place = find(slot, group);
  if (place == nullptr) return;
  take_from_group(*place);
  auto it = slots_.find(slot);
  *place = it->second.back();
  it->second.pop_back();
  if (it->second.empty()) slots_.erase(it);
}

void Followers::remove_all(std::size_t slot) {
  auto it = slots_.find(slot);
  if (it == slots_.end()) return;
  for (const auto& place : it->second)
    take_from_group(place);
  slots_.erase(slot);
}

void Followers::remove_group(GroupId group) {
  const auto list = of(group);
  for (auto slot : list)
    remove(slot, group);
}

const std::vector<std::size_t>& Followers::of(GroupId group) const {
  static const std::vector<std::size_t> none;
  auto it = groups_.find(group);
  return it == groups_.end() ? none : it->second;
}

}  // namespace linnet::router
