// Scenario large: durable messages to large groups, whose members share one inbox; some of them are
// connected and hear each message.
#include "histogram.hpp"
#include "http.hpp"
#include "pb/logic.ext.pb.h"
#include "people.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"

#include <algorithm>
#include <stdexcept>

namespace linnet::bench {
namespace {

constexpr std::size_t kAddedAtOnce = 1000;
constexpr double kPatience = 10;  // seconds

std::int64_t make_group(const Server& server, const std::vector<Account>& users,
                        std::size_t members) {
  std::int64_t group = 0;
  pb::CreateGroupReq request;
  request.set_name("bench");
  request.set_type(pb::GT_LARGE);
  call_all(
      server.doors().http, 1,
      [&](std::size_t /*number*/) {
        return http_call("/pb.LogicExt/CreateGroup", users[0].token, request.SerializeAsString());
      },
      [&](std::size_t /*number*/, const HttpReply& reply) {
        pb::CreateGroupResp made;
        made.ParseFromArray(reply.body.data(), static_cast<int>(reply.body.size()));
        group = made.group_id();
      });
  call_all(
      server.doors().http, (members - 1 + kAddedAtOnce - 1) / kAddedAtOnce,
      [&](std::size_t number) {
        pb::AddGroupMembersReq some;
        some.set_group_id(group);
        for (auto i = 1 + number * kAddedAtOnce;
             i < std::min(1 + (number + 1) * kAddedAtOnce, members); ++i)
          some.add_user_ids(users[i].id.value());
        return http_call("/pb.LogicExt/AddGroupMembers", users[0].token, some.SerializeAsString());
      },
      [](std::size_t /*number*/, const HttpReply& /*reply*/) {});
  return group;
}

// The owner sends at a fixed rate; members that are connected hear each message, once and in order.
class LargeGroup {
 public:
  LargeGroup(const Options& options, const Server& server, const std::vector<Account>& users,
             std::size_t members, std::size_t online, std::uint64_t first)
      : owner_(poller_, server.doors().http, 1),
        call_(users[0], pb::RT_LARGE_GROUP, make_group(server, users, members), options.payload),
        heard_(online, first),
        sent_(first) {
    // Evenly spread over the members, but for the owner.
    std::vector<Account> connected;
    peers_.reserve(online);
    for (std::size_t i = 0; i < online; ++i)
      connected.push_back(users[1 + i * (members - 1) / online]);
    connect_all(
        peers_, online, poller_, server.doors(), connected,
        [](std::size_t place) { return place % 2 == 0 ? Door::kTcp : Door::kWebSocket; }, 1);
  }

  void run(std::size_t rate, double length) {
    const auto begin = now();
    const auto until = begin + seconds(length);
    const auto between = kSecond / static_cast<Nanos>(rate);
    for (auto due = begin; due < until; due += between) {
      while (now() < due || calling_)
        turn(due);
      due_ = due;
      calling_ = true;
      owner_.call(0, call_.with_request_id(sent_++));
    }
    for (const auto deadline = now() + seconds(kPatience); !settled() && now() < deadline;)
      turn(deadline);
  }
  void forget() { acknowledged_ = delivered_ = Histogram(); }

  const Histogram& acknowledged() const { return acknowledged_; }
  const Histogram& delivered() const { return delivered_; }
  std::uint64_t wrong() const { return wrong_; }
  // The next message's number: the server takes a number that it has seen for a retry.
  std::uint64_t next() const { return sent_; }
  bool settled() const {
    return !calling_ &&
           std::all_of(heard_.begin(), heard_.end(), [this](auto next) { return next == sent_; });
  }

 private:
  void turn(Nanos until) {
    for (const auto& event : poller_.wait(until)) {
      const auto tag = static_cast<std::size_t>(event.data.u64);
      if (tag > 0) {
        peers_[tag - 1].handle(event.events, [&](const Down& down) { hear(tag - 1, down); });
        continue;
      }
      owner_.handle(event, [&](std::size_t /*caller*/, const HttpReply& reply) {
        if (reply.status != 200) throw std::runtime_error("a send to the group was refused");
        acknowledged_.add(now() - due_);
        calling_ = false;
      });
    }
    if (calling_ && now() > due_ + seconds(kPatience))
      throw std::runtime_error("a send was not answered");
  }

  void hear(std::size_t peer, const Down& down) {
    if (down.type != pb::PT_MESSAGE) return;
    const auto id = read_pushed(down.data).request_id;
    if (id == 0) return;  // the server's word that somebody was added
    if (SendCall::number(id) != heard_[peer]) ++wrong_;
    heard_[peer] = SendCall::number(id) + 1;
    delivered_.add(now() - due_);
  }

  Poller poller_;
  std::vector<Peer> peers_;
  Callers owner_;
  SendCall call_;
  std::vector<std::uint64_t> heard_;  // of each connected member: the number that is due
  std::uint64_t sent_;
  std::uint64_t wrong_ = 0;
  Nanos due_ = 0;
  bool calling_ = false;
  Histogram acknowledged_;
  Histogram delivered_;
};

}  // namespace

Table run_large(const Options& options) {
  Table table("large",
              "durable messages to large groups, " + std::to_string(options.large_rate) +
                  " a second, " + std::to_string(options.payload) + " bytes of text",
              {{"members", "members"},
               {"online", "connected"},
               {"members_added_per_s", "members added/s"},
               {"p50_ms", "ack p50 ms", 2},
               {"p99_ms", "p99", 2},
               {"delivered_p50_ms", "delivery p50", 2},
               {"delivered_p99_ms", "p99", 2},
               {"server_cpu_us_per_message", "server CPU us/message", 1},
               {"server_cpu_us_per_delivery", "of a delivery", 2},
               {"generator_cpu_us_per_delivery", "generator", 2}});
  const auto limit = raise_file_limit();
  const auto sizes = options.large_members;
  Server server(options);
  show_progress("large: users sign up");
  const auto users = sign_up(server.site(), *std::max_element(sizes.begin(), sizes.end()));
  std::uint64_t next = 0;
  for (const auto members : sizes) {
    const auto online = std::min({options.online, members - 1, limit - 200});
    show_progress("large: " + std::to_string(members) + " members");
    const auto making = now();
    LargeGroup group(options, server, users, members, online, next);
    const auto made = static_cast<double>(now() - making) / 1e9;
    group.run(options.large_rate, options.warm_up);
    group.forget();
    const CpuMeter cpu(server);
    group.run(options.large_rate, options.seconds);
    const auto messages = static_cast<double>(group.acknowledged().count());
    const auto deliveries = messages * static_cast<double>(online);
    table.add({static_cast<double>(members), static_cast<double>(online),
               static_cast<double>(members) / made, group.acknowledged().percentile_ms(0.5),
               group.acknowledged().percentile_ms(0.99), group.delivered().percentile_ms(0.5),
               group.delivered().percentile_ms(0.99), cpu.server_us(messages),
               cpu.server_us(deliveries), cpu.generator_us(deliveries)});
    next = group.next();
    if (group.wrong() > 0)
      table.problem(std::to_string(group.wrong()) + " messages came twice or out of order");
    if (!group.settled()) table.problem("not every connected member heard every message");
  }
  table.note(
      "times count from when a message should have left; members added: connecting included");
  note_memory(table, server);
  return table;
}

}  // namespace linnet::bench
