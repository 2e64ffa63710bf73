// The router of one process. What is shared between threads: the directory (striped mutexes, never
// held while anything else is called) and one mailbox per shard. Slots with outlets belong to their
// shard alone.
#include "followers.hpp"

#include "linnet/router/router.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace linnet::router {

Attachment::Attachment(Attachment&& other) noexcept
    : router_(std::exchange(other.router_, nullptr)), place_(other.place_) {}

Attachment& Attachment::operator=(Attachment&& other) noexcept {
  if (this != &other) {
    release();
    router_ = std::exchange(other.router_, nullptr);
    place_ = other.place_;
  }
  return *this;
}

Attachment::~Attachment() {
  release();
}

void Attachment::release() {
  if (auto* router = std::exchange(router_, nullptr))
    router->detach(place_.shard, place_.slot, place_.generation, place_.user, place_.device);
}

namespace {

// Finds an outlet, or finds that it is gone: a slot's generation grows whenever it changes hands.
struct Address {
  std::size_t shard = 0;
  std::size_t slot = 0;
  std::uint64_t generation = 0;
};

struct Parcel {
  enum class Kind : std::uint8_t {
    kDeliver,
    kDismiss,
    kFollow,
    kUnfollow,
    kDeliverToGroup,
    kForgetGroup,
  };
  Kind kind = Kind::kDeliver;
  std::size_t slot = 0;  // the first four: to whom
  std::uint64_t generation = 0;
  GroupId group;  // the last four
  Seq seq;
  wire::PushPtr push;
  ErrCode why = ErrCode::kSuccess;
};

// The outlets of one shard and what was posted to them.
class Office {
 public:
  explicit Office(Shard& shard) : shard_(shard) {}

  // Thread: the shard's.
  Address open(Outlet& outlet) {
    std::size_t slot = slots_.size();
    if (free_.empty()) {
      slots_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    slots_[slot].outlet = &outlet;
    return {shard_.index(), slot, ++slots_[slot].generation};
  }

  // Thread: the shard's.
  void close(std::size_t slot) {
    followers_.remove_all(slot);
    slots_[slot].outlet = nullptr;
    ++slots_[slot].generation;
    free_.push_back(slot);
  }

  // Thread: any.
  void post(Parcel parcel) {
    bool wake = false;
    {
      std::lock_guard lock(mutex_);
      wake = mailbox_.empty();
      mailbox_.push_back(std::move(parcel));
    }
    if (wake) shard_.post([this] { empty_mailbox(); });
  }

 private:
  struct Slot {
    Outlet* outlet = nullptr;
    std::uint64_t generation = 0;
  };

  void empty_mailbox() {
    std::vector<Parcel> parcels;
    {
      std::lock_guard lock(mutex_);
      parcels.swap(mailbox_);
    }
    for (const auto& parcel : parcels) {
      if (parcel.kind == Parcel::Kind::kDeliverToGroup) {
        deliver_to_group(parcel);
      } else if (parcel.kind == Parcel::Kind::kForgetGroup) {
        followers_.remove_group(parcel.group);
      } else {
        deliver(parcel);
      }
    }
  }

  void deliver(const Parcel& parcel) {
    // Looked up anew each time: an outlet may open or close slots while it is called.
    if (parcel.slot >= slots_.size()) return;
    const Slot& slot = slots_[parcel.slot];
    if (slot.generation != parcel.generation || slot.outlet == nullptr) return;
    switch (parcel.kind) {
      case Parcel::Kind::kDismiss: slot.outlet->dismissed(parcel.why); break;
      case Parcel::Kind::kFollow: followers_.add(parcel.slot, parcel.group); break;
      case Parcel::Kind::kUnfollow: followers_.remove(parcel.slot, parcel.group); break;
      default:
        if (parcel.seq) {
          slot.outlet->deliver(parcel.seq, parcel.push);
        } else {
          slot.outlet->deliver_live(parcel.seq, parcel.push);
        }
        break;
    }
  }

  void deliver_to_group(const Parcel& parcel) {
    // A copy: an outlet may close itself or others while it is called.
    delivering_ = followers_.of(parcel.group);
    for (auto slot : delivering_) {
      if (auto* outlet = slots_[slot].outlet) outlet->deliver_live(parcel.seq, parcel.push);
    }
  }

  Shard& shard_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> free_;
  Followers followers_;
  std::vector<std::size_t> delivering_;
  std::mutex mutex_;
  std::vector<Parcel> mailbox_;
};

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
    {
      auto& stripe = device_stripes_[stripe_of(device.value())];
      std::lock_guard lock(stripe.mutex);
      auto it = stripe.map.find(device);
      // The device may have connected again: then the entry is the successor's.
      if (it == stripe.map.end() || !same(it->second.address, address)) return;
      stripe.map.erase(it);
    }
    remove_from_user(user, address);
    connected_.fetch_sub(1, std::memory_order_relaxed);
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

}  // namespace

class LocalRouter final : public Router {
 public:
  explicit LocalRouter(Shards& shards) {
    for (auto& shard : shards)
      offices_.push_back(std::make_unique<Office>(*shard));
  }

  Attachment attach(UserId user, DeviceId device, Shard& shard, Outlet& outlet) override {
    auto address = offices_[shard.index()]->open(outlet);
    if (auto old = directory_.insert(user, device, address))
      post_dismissal(*old, ErrCode::kDeviceReplaced);
    return Attachment(this, {user, device, address.shard, address.slot, address.generation});
  }

  void deliver(std::span<const Delivery> deliveries, const wire::PushPtr& push) override {
    for (const auto& delivery : deliveries) {
      directory_.for_each(delivery.user, [&](const Address& to) {
        Parcel parcel;
        parcel.slot = to.slot;
        parcel.generation = to.generation;
        parcel.seq = delivery.seq;
        parcel.push = push;
        offices_[to.shard]->post(std::move(parcel));
      });
    }
  }

  void follow(UserId user, GroupId group) override {
    directory_.for_each(user, [&](const Address& to) { post(to, Parcel::Kind::kFollow, group); });
  }

  void unfollow(UserId user, GroupId group) override {
    directory_.for_each(user, [&](const Address& to) { post(to, Parcel::Kind::kUnfollow, group); });
  }

  void deliver_to_group(GroupId group, Seq seq, const wire::PushPtr& push) override {
    Parcel parcel;
    parcel.kind = Parcel::Kind::kDeliverToGroup;
    parcel.group = group;
    parcel.seq = seq;
    parcel.push = push;
    for (auto& office : offices_)
      office->post(parcel);
  }

  void forget_group(GroupId group) override {
    Parcel parcel;
    parcel.kind = Parcel::Kind::kForgetGroup;
    parcel.group = group;
    for (auto& office : offices_)
      office->post(parcel);
  }

  void dismiss(DeviceId device, ErrCode why) override {
    if (auto address = directory_.find(device)) post_dismissal(*address, why);
  }
  bool online(DeviceId device) const override { return directory_.find(device).has_value(); }
  bool online(UserId user) const override { return directory_.has(user); }

  std::size_t connected() const override { return directory_.connected(); }

 private:
  void post_dismissal(const Address& to, ErrCode why) {
    Parcel parcel;
    parcel.kind = Parcel::Kind::kDismiss;
    parcel.slot = to.slot;
    parcel.generation = to.generation;
    parcel.why = why;
    offices_[to.shard]->post(std::move(parcel));
  }

  void post(const Address& to, Parcel::Kind kind, GroupId group = GroupId()) {
    Parcel parcel;
    parcel.kind = kind;
    parcel.slot = to.slot;
    parcel.generation = to.generation;
    parcel.group = group;
    offices_[to.shard]->post(std::move(parcel));
  }

  void detach(std::size_t shard, std::size_t slot, std::uint64_t generation, UserId user,
              DeviceId device) override {
    directory_.remove(user, device, {shard, slot, generation});
    offices_[shard]->close(slot);
  }

  std::vector<std::unique_ptr<Office>> offices_;
  Directory directory_;
};

std::unique_ptr<Router> make_local_router(Shards& shards) {
  return std::make_unique<LocalRouter>(shards);
}

}  // namespace linnet::router
