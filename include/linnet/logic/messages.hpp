// Messages: sending them, and the inbox from which a device catches up.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/router/router.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/directory.hpp"
#include "linnet/user/identity.hpp"
#include "linnet/wire/push.hpp"

#include <cstddef>
#include <vector>

namespace pb {
class BroadcastReq;
class BroadcastResp;
class AckMessagesReq;
class AckMessagesResp;
class MessageItem;
class SendMessageReq;
class SendMessageResp;
}  // namespace pb

namespace linnet::logic {

struct MessageOptions {
  bool require_friendship = true;
  std::size_t message_bytes = 60000;  // of content; what fits a packet with everything around it
  std::size_t mentions = 500;
};

// Thread: any.
class Messages {
 public:
  Messages(store::Store& store, user::Directory& people, router::Router& router, const Clock& clock,
           MessageOptions options)
      : store_(store), people_(people), router_(router), clock_(clock), options_(options) {}

  // Sends to a user or a group: rights, then the commit, then the connected devices in commit
  // order, then the answer. The request's own id wins over the caller's. Errors: kBadRequest,
  // kTooLarge, kUserNotExist, kIsNotFriend, kBlocked; kGroupNotExist, kIsNotInGroup, kMuted; and
  // those of the store.
  Async<pb::SendMessageResp> send(const user::Caller& caller, const pb::SendMessageReq& request);

  // Sends as the operator's own server: ST_BUSINESS or ST_SYSTEM, to anybody. The answer's seq is a
  // group's own; to a user 0. A request id holds for the API key as it does for a device. Errors:
  // kBadRequest, kTooLarge, kUserNotExist, kGroupNotExist, and those of the store.
  Async<pb::SendMessageResp> send_from_server(const user::Caller& caller,
                                              const pb::SendMessageReq& request);

  // Sends to everybody who is connected, as ST_BUSINESS or ST_SYSTEM, stored nowhere. Errors:
  // kBadRequest, kTooLarge, kServerBusy (broadcasts are under way).
  Async<pb::BroadcastResp> broadcast(const user::Caller& caller, const pb::BroadcastReq& request);

  // Where a device that says it has everything up to `seq` starts: there; with 0, after what any
  // device of the user has acknowledged. `done` as in the store.
  void sync_start(UserId user, Seq seq, Done<Seq> done);
  // The same for a device that says it has more than there is: after what it has acknowledged.
  void sync_restart(UserId user, DeviceId device, Done<Seq> done) {
    store_.acknowledged_by(user, device, std::move(done));
  }
  void read(UserId user, Seq after, store::PageLimit limit, Done<store::InboxPage> done) {
    store_.read_inbox(user, after, limit, std::move(done));
  }
  void head(UserId user, Done<Seq> done) { store_.head(user, std::move(done)); }
  // From now on the connected devices of `user` hear of its large groups. To be called after one
  // was attached: what is joined or left later follows by itself.
  void follow_groups(UserId user, Done<Unit> done);
  // As a call. More than the inbox holds counts as what it holds. Errors: kBadRequest, the store's.
  Async<pb::AckMessagesResp> ack(const user::Caller& caller, const pb::AckMessagesReq& request);
  void acknowledge(UserId user, DeviceId device, Seq seq) { store_.acknowledge(user, device, seq); }

 private:
  Async<pb::SendMessageResp> send_to_user(const user::Caller& caller,
                                          const pb::SendMessageReq& request);
  Async<pb::SendMessageResp> try_to_user(const user::Caller& caller,
                                         const pb::SendMessageReq& request);
  Async<pb::SendMessageResp> send_to_group(store::Message message, bool persist);
  void pass_to_users(const std::vector<UserId>& users, const wire::PushPtr& push);
  Async<Unit> pass_to_group(GroupId group, store::Message message);
  Async<Unit> check_standing(UserId sender, UserId receiver);
  Status check_shape(const pb::SendMessageReq& request) const;

  store::Store& store_;
  user::Directory& people_;
  router::Router& router_;
  const Clock& clock_;
  MessageOptions options_;
};

// A stored message in the protocol's form, without its seq.
pb::MessageItem to_item(const store::Message& message);

}  // namespace linnet::logic
