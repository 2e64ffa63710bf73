// The devices of the simulation and the network between them and the server: real sessions on real
// rules, without sockets, in an order that the seed decides. Pushes are lost, devices take nothing
// for a while, connections are cut.
#pragma once

#include "model.hpp"
#include "mutant.hpp"
#include "pb/conn.ext.pb.h"
#include "script.hpp"
#include "session.hpp"

#include "linnet/logic/messages.hpp"
#include "linnet/user/accounts.hpp"

#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace linnet::sim {

// What a device must never see: thrown with a sentence.
struct Broken {
  std::string what;
};

// Calls start(done) and waits for the completion.
template <class T, class Start>
Result<T> wait(const Start& start) {
  auto told = std::make_shared<std::promise<Result<T>>>();
  auto answer = told->get_future();
  start(Done<T>([told](Result<T> result) { told->set_value(std::move(result)); }));
  return answer.get();
}

class Network;

// A device, its connection if it has one, and what it has received.
class Device final : public gateway::SessionHost {
 public:
  Device(Network& network, int id) : network_(network), id_(id) {}

  // A new token: whatever it had is forgotten, as by a new installation.
  void signed_in(std::int64_t user, std::string token);
  const std::string& token() const { return token_; }
  // One that it had, good no longer.
  const std::string& ended_token() const { return ended_token_; }
  void note_ended(std::string token) { ended_token_ = std::move(token); }
  void connect();
  void cut();
  void stall(bool stalled);
  void on_event(const std::function<void(router::Outlet&)>& event);
  // A push that comes now or never.
  void on_live(Seq seq, const wire::PushPtr& push);
  // A push of its inbox is on its way, or was lost: the next that arrives will show that.
  void expect_push(bool arrives) { lost_last_ = !arrives; }
  // Does one thing that waits; false when there is none.
  bool step(Random& random);
  void sweep();
  // When nothing is under way any more: its session has told it all there is, unless the last push
  // was lost or it takes nothing.
  void check_rest() const;

  int id() const { return id_; }
  std::int64_t device() const { return device_; }
  bool connected() const { return session_ != nullptr; }
  bool attached() const { return attached_; }
  // Has been answered its first sync, and everything since.
  bool synced() const { return synced_; }
  std::int64_t user() const { return user_; }
  // The last seq that it was sent, or began after.
  std::int64_t last() const { return last_; }

  void authenticate(user::Credentials credentials) override;
  void find_head(UserId user) override;
  void find_start(UserId user, Seq seq) override;
  void find_restart(UserId user, DeviceId device) override;
  void read(UserId user, Seq after, store::PageLimit limit) override;
  void acknowledge(UserId user, DeviceId device, Seq seq) override;
  router::Attachment attach(UserId user, DeviceId device, router::Outlet& outlet) override;
  void confirm(user::Identity identity) override;
  void follow_groups(UserId user) override;
  void detached(DeviceId device) override;
  void call(user::Identity, const pb::Input&) override {}
  void send(const pb::Output& packet) override;
  void send_push(Seq seq, const wire::Push& push) override;
  void send_run(const wire::FrameRunPtr&) override {}
  void run_soon() const override {}
  void on_room_packet(const pb::Input&) override {}
  std::size_t unsent() const override { return unsent_; }
  void end(wire::CloseCode code, std::string_view reason) override;

 private:
  void receive(const pb::Output& packet);
  void take(const pb::MessageItem& item, bool whole);
  void say(pb::PackageType type, const google::protobuf::Message& message);
  void drop_session();
  std::string own_mark() const;

  Network& network_;
  const int id_;
  std::int64_t device_ = 0;  // what it is for the server: its token says
  std::int64_t user_ = 0;    // that its token is of
  std::string token_;
  std::string ended_token_;
  std::int64_t last_ = 0;
  std::unique_ptr<gateway::Session> session_;
  std::deque<std::function<void()>> questions_;  // that the session has asked
  std::deque<pb::Input> to_say_;
  std::deque<pb::Output> to_hear_;
  std::deque<std::function<void(router::Outlet&)>> events_;  // of the router
  std::size_t unsent_ = 0;
  bool stalled_ = false;
  bool attached_ = false;
  bool answered_ = false;  // its sync has, to begin with
  bool synced_ = false;
  bool ended_ = false;
  bool lost_last_ = false;
};

// The router's seam, and all devices. Thread: the simulation's, or the store's while that waits.
class Network final : public router::Router {
 public:
  Network(const Clock& clock, const Model& model, unsigned lost_of_hundred, std::uint64_t seed,
          Mutant mutant);
  ~Network() override;
  // Before anything else, and again when those are others.
  void serve(user::Accounts& accounts, logic::Messages& messages);

  Device& device(int id) { return *devices_.at(static_cast<std::size_t>(id - 1)); }
  // Lets at most `steps` of what waits happen, in any order; whether all has.
  bool run(std::size_t steps);
  void cut_all();
  // From now on nothing is lost.
  void heal() { lost_of_hundred_ = 0; }
  bool is(Mutant mutant) const { return mutant_ == mutant; }
  // What was handed on since it was asked last.
  Handed take_handed();
  // (device, group)
  const std::set<Pair>& following() const { return following_; }

  router::Attachment attach(UserId user, DeviceId device, Shard& shard,
                            router::Outlet& outlet) override;
  void deliver(std::span<const router::Delivery> deliveries, const wire::PushPtr& push) override;
  void follow(UserId user, GroupId group) override;
  void unfollow(UserId user, GroupId group) override;
  void deliver_to_group(GroupId group, Seq seq, const wire::PushPtr& push) override;
  void forget_group(GroupId group) override;
  Status broadcast(const wire::PushPtr&) override { return success(); }
  void dismiss(DeviceId device, ErrCode why) override;
  bool online(DeviceId device) const override;
  bool online(UserId user) const override;
  std::size_t connected() const override { return attached_.size(); }

 private:
  friend class Device;
  void detach(std::size_t, std::size_t, std::uint64_t, UserId, DeviceId) override {}
  bool lost() { return random_() % 100 < lost_of_hundred_; }

  const Clock& clock_;
  const Model& model_;
  unsigned lost_of_hundred_;
  const Mutant mutant_;
  Random random_;
  user::Accounts* accounts_ = nullptr;
  logic::Messages* messages_ = nullptr;
  gateway::SessionOptions options_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::map<int, std::int64_t> attached_;  // the device's user
  std::set<Pair> following_;
  Handed handed_;
};

// A message as the model writes it.
std::string line_of(const store::Message& message);
std::string line_of(const pb::MessageItem& item);

}  // namespace linnet::sim
