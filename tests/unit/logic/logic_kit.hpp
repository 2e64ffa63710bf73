// What the tests of logic share: users in a store in memory, a router that remembers, and calls as
// plain functions.
#pragma once

#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/push.ext.pb.h"
#include "support/false_clock.hpp"
#include "support/memory_store.hpp"
#include "support/run.hpp"

#include "linnet/logic/friends.hpp"
#include "linnet/logic/groups.hpp"
#include "linnet/logic/messages.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <utility>
#include <vector>

namespace linnet::logic {

using Pair = std::pair<std::int64_t, std::int64_t>;
using Pairs = std::vector<Pair>;

// Remembers what it was to do.
class Recorder final : public router::Router {
 public:
  router::Attachment attach(UserId, DeviceId, Shard&, router::Outlet&) override { return {}; }
  void deliver(std::span<const router::Delivery> deliveries, const wire::PushPtr&) override {
    for (const auto& delivery : deliveries)
      delivered.emplace_back(delivery.user.value(), delivery.seq.value());
  }
  void follow(UserId user, GroupId group) override {
    following.emplace_back(user.value(), group.value());
  }
  void unfollow(UserId user, GroupId group) override {
    std::erase(following, Pair(user.value(), group.value()));
  }
  void deliver_to_group(GroupId group, Seq seq, const wire::PushPtr&) override {
    to_groups.emplace_back(group.value(), seq.value());
  }
  void forget_group(GroupId group) override {
    std::erase_if(following, [&](const Pair& pair) { return pair.second == group.value(); });
  }
  Status broadcast(const wire::PushPtr&) override {
    ++broadcasts;
    return success();
  }
  void dismiss(DeviceId device, ErrCode why) override {
    dismissals.emplace_back(device.value(), static_cast<std::int64_t>(why));
  }
  bool online(DeviceId device) const override { return devices_online.contains(device); }
  bool online(UserId user) const override { return users_online.contains(user); }
  std::size_t connected() const override { return 0; }

  Pairs delivered;   // user, seq
  Pairs following;   // user, group
  Pairs to_groups;   // group, seq
  Pairs dismissals;  // device, why
  int broadcasts = 0;
  std::set<DeviceId> devices_online;
  std::set<UserId> users_online;

 private:
  void detach(std::size_t, std::size_t, std::uint64_t, UserId, DeviceId) override {}
};

// Five users, 1 to 5, each with a device.
struct Fixture {
  Fixture() {
    for (const char* phone : {"100", "200", "300", "400", "500"}) {
      auto device = test::run(wait_for<DeviceId>(
          [&](Done<DeviceId> done) { store.create_device(store::Device(), std::move(done)); }));
      store::SignIn in;
      in.phone_number = phone;
      in.device = *device;
      in.nickname_if_new = std::string("n") + phone;
      auto user = test::run(wait_for<store::SignedIn>(
          [&](Done<store::SignedIn> done) { store.sign_in(in, std::move(done)); }));
      callers.push_back({{user->user, *device}, RequestId(), "test"});
    }
  }
  // The caller that is user `id`.
  const user::Caller& as(std::int64_t id) const {
    return callers.at(static_cast<std::size_t>(id - 1));
  }
  UserId id(std::size_t who) const { return callers[who].identity.user; }

  pb::SendMessageReq message_to(pb::ReceiverType type, std::int64_t receiver) const {
    pb::SendMessageReq request;
    request.set_receiver_type(type);
    request.set_receiver_id(receiver);
    request.set_message_type(pb::MT_TEXT);
    request.set_message_content("x");
    request.set_is_persist(true);
    return request;
  }
  Result<pb::SendMessageResp> send(std::size_t from, UserId to, std::int64_t request_id = 0,
                                   bool persist = true) {
    auto request = message_to(pb::RT_USER, to.value());
    request.set_is_persist(persist);
    request.set_request_id(request_id);
    return test::run(messages.send(callers[from], request));
  }
  void make_friends() {
    pb::AddFriendReq ask;
    ask.set_friend_id(id(1).value());
    REQUIRE(test::run(friends.add_friend(callers[0], ask)));
    pb::AgreeAddFriendReq agree;
    agree.set_user_id(id(0).value());
    REQUIRE(test::run(friends.agree_add_friend(callers[1], agree)));
  }
  // What is in a user's inbox.
  std::vector<store::Message> inbox(std::int64_t user) {
    auto page = test::run(wait_for<store::InboxPage>([&](Done<store::InboxPage> done) {
      store.read_inbox(UserId(user), Seq(), {1000, 1 << 20}, std::move(done));
    }));
    std::vector<store::Message> messages_of;
    for (auto& entry : page->entries)
      messages_of.push_back(std::move(entry.message));
    return messages_of;
  }

  test::FalseClock clock;
  test::MemoryStore store;
  Recorder router;
  user::StoredUsers people;
  Friends friends{store, people, router, clock};
  GroupOptions group_options{4, 100};
  Groups groups{store, people, router, clock, group_options};
  Messages messages{store, people, router, clock, MessageOptions()};
  std::vector<user::Caller> callers;
};

// The push in a command; fails the test when it is another.
template <class Push>
Push push_in(const store::Message& message, pb::PushCode code) {
  CHECK(message.sender_type == pb::ST_SYSTEM);
  CHECK(message.type == pb::MT_COMMAND);
  pb::Command command;
  REQUIRE(command.ParseFromString(message.content));
  CHECK(command.code() == code);
  Push push;
  REQUIRE(push.ParseFromString(command.data()));
  return push;
}

}  // namespace linnet::logic
