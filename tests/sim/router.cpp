// The router's seam of the simulation.
#include "network.hpp"

#include <algorithm>

namespace linnet::sim {

Network::Network(const Clock& clock, const Model& model, unsigned lost_of_hundred,
                 std::uint64_t seed, Mutant mutant)
    : clock_(clock),
      model_(model),
      lost_of_hundred_(lost_of_hundred),
      mutant_(mutant),
      random_(seed) {
  options_.page_entries = 3;
  options_.outbox_bytes = 250;
  for (int id = 1; id <= kDevices; ++id)
    devices_.push_back(std::make_unique<Device>(*this, id));
}

Network::~Network() {
  cut_all();
}

void Network::serve(user::Accounts& accounts, logic::Messages& messages) {
  accounts_ = &accounts;
  messages_ = &messages;
}

bool Network::run(std::size_t steps) {
  const auto first = [&] { return devices_[random_() % devices_.size()]->step(random_); };
  const auto any = [&] {
    return std::any_of(devices_.begin(), devices_.end(),
                       [&](const auto& device) { return device->step(random_); });
  };
  while (first() || any())
    if (steps-- == 0) return false;
  return true;
}

void Network::cut_all() {
  for (auto& device : devices_)
    device->cut();
}

Handed Network::take_handed() {
  std::sort(handed_.users.begin(), handed_.users.end());
  std::sort(handed_.groups.begin(), handed_.groups.end());
  return std::exchange(handed_, {});
}

router::Attachment Network::attach(UserId, DeviceId, Shard&, router::Outlet&) {
  return {};
}

void Network::deliver(std::span<const router::Delivery> deliveries, const wire::PushPtr& push) {
  if (is(Mutant::kUnhanded) && deliveries.size() > 1)
    deliveries = deliveries.first(deliveries.size() - 1);
  for (const auto& [user, seq] : deliveries) {
    handed_.users.emplace_back(user.value(), seq.value());
    for (const auto& [device, owner] : attached_) {
      if (owner != user.value()) continue;
      auto& one = this->device(device);
      const bool arrives = !lost();
      if (!seq) {
        if (arrives) one.on_live(seq, push);
        continue;
      }
      one.expect_push(arrives);
      if (!arrives || (is(Mutant::kLostPush) && random_() % 20 == 0)) continue;
      one.on_event([seq = seq, push](router::Outlet& outlet) { outlet.deliver(seq, push); });
    }
  }
}

void Network::follow(UserId user, GroupId group) {
  for (const auto& [device, owner] : attached_)
    if (owner == user.value()) following_.emplace(device, group.value());
}

void Network::unfollow(UserId user, GroupId group) {
  if (is(Mutant::kKeptFollower)) return;
  for (const auto& [device, owner] : attached_)
    if (owner == user.value()) following_.erase({device, group.value()});
}

void Network::deliver_to_group(GroupId group, Seq seq, const wire::PushPtr& push) {
  handed_.groups.emplace_back(group.value(), seq.value());
  for (const auto& [device, followed] : following_) {
    if (followed != group.value() || lost()) continue;
    this->device(static_cast<int>(device)).on_live(seq, push);
  }
}

void Network::forget_group(GroupId group) {
  std::erase_if(following_, [&](const Pair& pair) { return pair.second == group.value(); });
}

void Network::dismiss(DeviceId device, ErrCode why) {
  for (auto& one : devices_)
    if (one->device() == device.value())
      one->on_event([why](router::Outlet& outlet) { outlet.dismissed(why); });
}

bool Network::online(DeviceId device) const {
  return std::any_of(devices_.begin(), devices_.end(), [&](const auto& one) {
    return one->device() == device.value() && one->attached();
  });
}

bool Network::online(UserId user) const {
  return std::any_of(attached_.begin(), attached_.end(),
                     [&](const auto& one) { return one.second == user.value(); });
}

}  // namespace linnet::sim
