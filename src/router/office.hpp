// The outlets of one shard, and the mailbox through which other threads reach them.
#pragma once

#include "broadcasts.hpp"
#include "directory.hpp"
#include "followers.hpp"

#include "linnet/base/error.hpp"
#include "linnet/base/shard.hpp"
#include "linnet/router/router.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace linnet::router {

struct Parcel {
  enum class Kind : std::uint8_t {
    kDeliver,
    kDismiss,
    kFollow,
    kUnfollow,
    kDeliverToGroup,
    kForgetGroup,
    kBroadcast,
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
  // `broadcast_per_second`: deliveries; `broadcasting` is lowered with each broadcast that ends.
  Office(Shard& shard, double broadcast_per_second, std::atomic<std::size_t>& broadcasting)
      : shard_(shard), broadcasts_(broadcast_per_second), broadcasting_(broadcasting) {}

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
      } else if (parcel.kind == Parcel::Kind::kBroadcast) {
        begin_broadcast(parcel.push);
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

  void begin_broadcast(const wire::PushPtr& push) {
    const bool idle = broadcasts_.empty();
    broadcasts_.add(push);
    if (idle) broadcast_on();
  }

  // A tick's share of the outlets, in the order of their slots; the timer belongs to its handler,
  // and so goes with the shard's context.
  void broadcast_on() {
    const auto visit = [this](std::size_t slot, const wire::PushPtr& push) {
      auto* outlet = slots_[slot].outlet;
      if (outlet != nullptr) outlet->deliver_live(Seq(), push);
      return outlet != nullptr;
    };
    broadcasting_.fetch_sub(broadcasts_.tick([this] { return slots_.size(); }, visit),
                            std::memory_order_relaxed);
    if (broadcasts_.empty()) return;
    auto timer = std::make_shared<boost::asio::steady_timer>(shard_.context(), Broadcasts::kTick);
    timer->async_wait([this, timer](boost::system::error_code error) {
      if (!error) broadcast_on();
    });
  }

  Shard& shard_;
  Broadcasts broadcasts_;
  std::atomic<std::size_t>& broadcasting_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> free_;
  Followers followers_;
  std::vector<std::size_t> delivering_;
  std::mutex mutex_;
  std::vector<Parcel> mailbox_;
};

}  // namespace linnet::router
