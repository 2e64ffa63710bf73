// Who is connected where. Delivery is fire and forget: it returns nothing and fails nothing, and
// what is lost on the way is healed from the store, because every outlet sees the gap in its seqs.
#pragma once

#include "linnet/base/error.hpp"
#include "linnet/base/ids.hpp"
#include "linnet/base/shard.hpp"
#include "linnet/wire/push.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace linnet::router {

// Where what is due to one connected device goes. Every method is called on the shard given to
// attach(), never after the Attachment is gone, and must not block.
class Outlet {
 public:
  virtual ~Outlet() = default;
  // A message of the user's inbox, in seq order unless something was lost.
  virtual void deliver(Seq seq, const wire::PushPtr& push) = 0;
  // Now or never: a message that is stored nowhere (seq 0), or of a large group, with the group's
  // own seq, by which the client sees what it missed.
  virtual void deliver_live(Seq seq, const wire::PushPtr& push) = 0;
  // The connection is to end: say why and close. kDeviceReplaced: the same device has connected
  // again; kSignedOut, kDeviceExcluded: its token is good no longer.
  virtual void dismissed(ErrCode why) = 0;
};

struct Delivery {
  UserId user;
  Seq seq;  // in the user's inbox; 0: stored nowhere
};

class Router;

// A device is reachable as long as its Attachment lives. Thread: the shard's.
class Attachment {
 public:
  Attachment() = default;
  Attachment(Attachment&& other) noexcept;
  Attachment& operator=(Attachment&& other) noexcept;
  ~Attachment();
  void release();

 private:
  friend class LocalRouter;
  struct Place {
    UserId user;
    DeviceId device;
    std::size_t shard = 0;
    std::size_t slot = 0;
    std::uint64_t generation = 0;
  };
  Attachment(Router* router, Place place) : router_(router), place_(place) {}
  Router* router_ = nullptr;
  Place place_;
};

class Router {
 public:
  virtual ~Router() = default;

  // Makes `outlet` the one of this device; an older one of the same device, of whichever user, is
  // dismissed. Thread: the shard's.
  virtual Attachment attach(UserId user, DeviceId device, Shard& shard, Outlet& outlet) = 0;

  // Hands `push` to every connected device of each user. Deliveries of one caller's thread keep
  // their order. The message's own sending device gets it too (an outlet knows its device): it must
  // see that its seq moved on. Thread: any.
  virtual void deliver(std::span<const Delivery> deliveries, const wire::PushPtr& push) = 0;

  // Every device of `user` that is connected now follows `group`, or no longer. In order with what
  // else the caller's thread delivers. Thread: any.
  virtual void follow(UserId user, GroupId group) = 0;
  virtual void unfollow(UserId user, GroupId group) = 0;
  // Hands `push` to every device that follows `group`, the sending one too. Thread: any.
  virtual void deliver_to_group(GroupId group, Seq seq, const wire::PushPtr& push) = 0;
  // Nobody follows `group` any more. Thread: any.
  virtual void forget_group(GroupId group) = 0;

  // Hands `push` to every device that is connected, in seq 0's way, at the router's rate; who
  // connects while it goes round may get it or not. Error: kServerBusy. Thread: any.
  virtual Status broadcast(const wire::PushPtr& push) = 0;

  // Ends the connection of `device`, if there is one. Thread: any.
  virtual void dismiss(DeviceId device, ErrCode why) = 0;
  virtual bool online(DeviceId device) const = 0;
  virtual bool online(UserId user) const = 0;

  // Devices connected now. Thread: any.
  virtual std::size_t connected() const = 0;

 private:
  friend class Attachment;
  virtual void detach(std::size_t shard, std::size_t slot, std::uint64_t generation, UserId user,
                      DeviceId device) = 0;
};

// For one process: a directory of users and devices, and a mailbox for each shard, emptied once a
// turn. The shards must outlive the router's users but may be stopped before it is destroyed.
// `broadcast_per_second`: deliveries of broadcasts, over all shards.
std::unique_ptr<Router> make_local_router(Shards& shards, double broadcast_per_second = 20000);

}  // namespace linnet::router
