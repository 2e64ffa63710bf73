// Which device of which user is where. Striped mutexes, never held while anything else is called.
#pragma once

#include "linnet/base/ids.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace linnet::router {

// Finds an outlet, or finds that it is gone: a slot's generation grows whenever it changes hands.
struct Address {
  std::size_t shard = 0;
  std::size_t slot = 0;
  std::uint64_t generation = 0;
};

// Thread: any.
class Directory {
 public:
  // Returns the address that the device had before, if it had one.
  std::optional<Address> insert(UserId user, DeviceId device, Address address) {
    std::optional<Address> old;
    UserId old_user;
    {
      auto& stripe = device_stripes_[stripe_of(device.value())];
      std::lock_guard lock(stripe.mutex);
      auto [it, added] = stripe.map.try_emplace(device, Entry{user, address});
      if (!added) {
        old = it->second.address;
        old_user = it->second.user;
        it->second = Entry{user, address};
      }
    }
    if (old) remove_from_user(old_user, *old);
    auto& stripe = user_stripes_[stripe_of(user.value())];
    std::lock_guard lock(stripe.mutex);
    stripe.map[user].push_back(address);
    if (!old) connected_.fetch_add(1, std::memory_order_relaxed);
    return old;
  }

  void remove(UserId user, DeviceId device, const Address& address) {
    bool own = false;
    {
      auto& stripe = device_stripes_[stripe_of(device.value())];
      std::lock_guard lock(stripe.mutex);
      auto it = stripe.map.find(device);
      // The device may have connected again: then the entry is the successor's.
      own = it != stripe.map.end() && same(it->second.address, address);
      if (own) stripe.map.erase(it);
    }
    // Also when it is not: a successor on another shard may have looked before insert() added it.
    remove_from_user(user, address);
    if (own) connected_.fetch_sub(1, std::memory_order_relaxed);
  }

  template <class Visit>
  void for_each(UserId user, Visit visit) {
    auto& stripe = user_stripes_[stripe_of(user.value())];
    std::lock_guard lock(stripe.mutex);
    auto it = stripe.map.find(user);
    if (it == stripe.map.end()) return;
    for (const auto& address : it->second)
      visit(address);
  }

  std::optional<Address> find(DeviceId device) const {
    const auto& stripe = device_stripes_[stripe_of(device.value())];
    std::lock_guard lock(stripe.mutex);
    auto it = stripe.map.find(device);
    return it == stripe.map.end() ? std::nullopt : std::optional(it->second.address);
  }

  bool has(UserId user) const {
    const auto& stripe = user_stripes_[stripe_of(user.value())];
    std::lock_guard lock(stripe.mutex);
    return stripe.map.contains(user);
  }

  std::size_t connected() const { return connected_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kStripes = 64;
  struct Entry {
    UserId user;
    Address address;
  };
  template <class Key, class Value>
  struct Stripe {
    mutable std::mutex mutex;
    std::unordered_map<Key, Value> map;
  };

  static std::size_t stripe_of(std::int64_t id) {
    return static_cast<std::size_t>(mix(static_cast<std::uint64_t>(id)) >> 58U);
  }
  static bool same(const Address& a, const Address& b) {
    return a.shard == b.shard && a.slot == b.slot && a.generation == b.generation;
  }

  void remove_from_user(UserId user, const Address& address) {
    auto& stripe = user_stripes_[stripe_of(user.value())];
    std::lock_guard lock(stripe.mutex);
    auto it = stripe.map.find(user);
    if (it == stripe.map.end()) return;
    std::erase_if(it->second, [&](const Address& a) { return same(a, address); });
    if (it->second.empty()) stripe.map.erase(it);
  }

  std::array<Stripe<DeviceId, Entry>, kStripes> device_stripes_;
  std::array<Stripe<UserId, std::vector<Address>>, kStripes> user_stripes_;
  std::atomic<std::size_t> connected_{0};
};

}  // namespace linnet::router
