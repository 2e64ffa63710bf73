#include "followers.hpp"

namespace linnet::router {

void Followers::add(std::size_t slot, GroupId group) {
  auto& list = groups_[group];
  if (slots_[slot].emplace(group, list.size()).second) list.push_back(slot);
}

// The last of the list takes the place that falls empty.
void Followers::take_from_group(GroupId group, std::size_t place) {
  auto it = groups_.find(group);
  auto& list = it->second;
  const auto last = list.back();
  list[place] = last;
  slots_.at(last).at(group) = place;
  list.pop_back();
  if (list.empty()) groups_.erase(it);
}

void Followers::remove(std::size_t slot, GroupId group) {
  auto it = slots_.find(slot);
  if (it == slots_.end()) return;
  auto place = it->second.find(group);
  if (place == it->second.end()) return;
  take_from_group(group, place->second);
  it->second.erase(place);
  if (it->second.empty()) slots_.erase(it);
}

void Followers::remove_all(std::size_t slot) {
  auto it = slots_.find(slot);
  if (it == slots_.end()) return;
  for (const auto& [group, place] : it->second)
    take_from_group(group, place);
  slots_.erase(it);
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
