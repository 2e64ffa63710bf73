// The router of one process. What is shared between threads: the directory and one mailbox per
// shard. Slots with outlets belong to their shard alone.
#include "directory.hpp"
#include "office.hpp"

#include "linnet/router/router.hpp"

#include <atomic>
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

class LocalRouter final : public Router {
 public:
  LocalRouter(Shards& shards, double broadcast_per_second) {
    const double each = broadcast_per_second / static_cast<double>(shards.size());
    for (auto& shard : shards)
      offices_.push_back(std::make_unique<Office>(*shard, each, broadcasting_));
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

  Status broadcast(const wire::PushPtr& push) override {
    if (broadcasting_.load(std::memory_order_relaxed) >= kMostBroadcasts * offices_.size())
      return Error(ErrCode::kServerBusy, "broadcasts are under way; try again later");
    broadcasting_.fetch_add(offices_.size(), std::memory_order_relaxed);
    Parcel parcel;
    parcel.kind = Parcel::Kind::kBroadcast;
    parcel.push = push;
    for (auto& office : offices_)
      office->post(parcel);
    return success();
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

  static constexpr std::size_t kMostBroadcasts = 16;  // at once
  std::atomic<std::size_t> broadcasting_{0};          // shards that have one yet to end
  std::vector<std::unique_ptr<Office>> offices_;
  Directory directory_;
};

std::unique_ptr<Router> make_local_router(Shards& shards, double broadcast_per_second) {
  return std::make_unique<LocalRouter>(shards, broadcast_per_second);
}

}  // namespace linnet::router
