#include "acks.hpp"

#include <algorithm>

namespace linnet::store {

// True when a device was added.
bool Acks::raise(Users& users, const Ack& ack) {
  auto& devices = users[ack.user];
  for (auto& [device, seq] : devices) {
    if (device != ack.device) continue;
    seq = std::max(seq, ack.seq);
    return false;
  }
  devices.emplace_back(ack.device, ack.seq);
  return true;
}

Seq Acks::highest_in(const Users& users, UserId user) {
  Seq highest;
  auto it = users.find(user);
  if (it == users.end()) return highest;
  for (const auto& [device, seq] : it->second)
    highest = std::max(highest, seq);
  return highest;
}

void Acks::note(const Ack& ack, std::size_t limit) {
  if (ack.seq.value() <= 0) return;
  std::lock_guard lock(mutex_);
  if (size_ >= limit && !waiting_.contains(ack.user)) return;
  if (raise(waiting_, ack)) ++size_;
}

Seq Acks::highest(UserId user) const {
  std::lock_guard lock(mutex_);
  return std::max(highest_in(waiting_, user), highest_in(taken_, user));
}

std::size_t Acks::size() const {
  std::lock_guard lock(mutex_);
  return size_;
}

std::vector<Ack> Acks::take(std::size_t count) {
  std::vector<Ack> acks;
  {
    std::lock_guard lock(mutex_);
    while (acks.size() < count && !waiting_.empty()) {
      auto node = waiting_.extract(waiting_.begin());
      for (const auto& [device, seq] : node.mapped())
        acks.push_back({node.key(), device, seq});
      size_ -= node.mapped().size();
      taken_.insert(std::move(node));
    }
  }
  std::sort(acks.begin(), acks.end(), [](const Ack& a, const Ack& b) {
    return a.user != b.user ? a.user < b.user : a.device < b.device;
  });
  return acks;
}

void Acks::written() {
  std::lock_guard lock(mutex_);
  taken_.clear();
}

void Acks::put_back() {
  std::lock_guard lock(mutex_);
  for (const auto& [user, devices] : taken_) {
    for (const auto& [device, seq] : devices) {
      if (raise(waiting_, {user, device, seq})) ++size_;
    }
  }
  taken_.clear();
}

}  // namespace linnet::store
