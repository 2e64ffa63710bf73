// Pairs of users who talk: one calls over HTTP, the other is connected.
#pragma once

#include "deliveries.hpp"
#include "http.hpp"
#include "options.hpp"
#include "people.hpp"

#include <deque>
#include <vector>

namespace linnet::bench {

// Pair i: user 2i calls over HTTP, user 2i + 1 is connected, by turns over TCP and WebSocket.
class Pairs {
 public:
  Pairs(const Options& options, const Doors& doors, const std::vector<Account>& users)
      : options_(options),
        callers_(poller_, doors.http, options.pairs),
        deliveries_(options.pairs),
        pairs_(options.pairs) {
    std::vector<Account> receivers;
    for (std::size_t i = 0; i < options.pairs; ++i) {
      receivers.push_back(users[2 * i + 1]);
      calls_.emplace_back(users[2 * i], pb::RT_USER, users[2 * i + 1].id.value(), options.payload);
    }
    connect_all(peers_, options.pairs, poller_, doors, receivers, door_of, options.pairs);
  }

  // One send every 1/rate seconds, by turns from each pair. A send that finds its connection still
  // busy waits for it, and its time counts from when it should have left.
  void run_at_rate(std::size_t rate, Nanos from, Nanos until) {
    auto interval = static_cast<double>(kSecond) / static_cast<double>(rate);
    auto due_at = [&](std::size_t k) {
      return from + static_cast<Nanos>(static_cast<double>(k) * interval);
    };
    for (std::size_t k = 0; due_at(k) < until && !deliveries_.full();) {
      for (auto time = now(); due_at(k) < std::min(time + 1, until); ++k, ++turn_of_)
        intend(turn_of_ % pairs_.size(), due_at(k));
      turn(std::min(due_at(k), until), false);
    }
  }

  // Each pair sends its next message when the last one is acknowledged and received.
  void start_round_trips() {
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      intend(i, now());
  }
  void run_round_trips(Nanos until) {
    while (now() < until && !deliveries_.full())
      turn(until, true);
  }

  // Waits for what is under way.
  void settle() {
    auto deadline = now() + 10 * kSecond;
    while (!deliveries_.settled() && now() < deadline)
      turn(deadline, false);
  }

  Deliveries& deliveries() { return deliveries_; }

 private:
  struct Pair {
    bool calling = false;
    std::uint64_t number = 0;           // of the call under way
    std::deque<std::uint64_t> waiting;  // for the connection
    std::uint64_t done = 0;             // acknowledged and received events of this pair
  };

  static Door door_of(std::size_t pair) { return pair % 2 == 0 ? Door::kTcp : Door::kWebSocket; }

  void intend(std::size_t pair, Nanos when) {
    pairs_[pair].waiting.push_back(deliveries_.begin(pair, when));
    call_next(pair);
  }

  void call_next(std::size_t place) {
    auto& pair = pairs_[place];
    if (pair.calling || pair.waiting.empty()) return;
    pair.calling = true;
    pair.number = pair.waiting.front();
    pair.waiting.pop_front();
    callers_.call(place, calls_[place].with_request_id(pair.number));
  }

  void half_done(std::size_t place, bool again) {
    if (++pairs_[place].done % 2 == 0 && again) intend(place, now());
  }

  // Handles what happens until then. `again`: round trips go on.
  void turn(Nanos until, bool again) {
    for (const auto& event : poller_.wait(until)) {
      auto tag = static_cast<std::size_t>(event.data.u64);
      if (tag >= pairs_.size()) {
        receive(tag - pairs_.size(), event.events, again);
        continue;
      }
      callers_.handle(event, [&](std::size_t place, const HttpReply& reply) {
        pairs_[place].calling = false;
        deliveries_.acknowledged(pairs_[place].number, reply.status == 200);
        call_next(place);
        half_done(place, again);
      });
    }
  }

  // One acknowledgement for all that came at once.
  void receive(std::size_t place, std::uint32_t events, bool again) {
    std::int64_t last = 0;
    std::size_t count = 0;
    peers_[place].handle(events, [&](const Down& down) {
      if (down.type != pb::PT_MESSAGE) return;
      auto item = read_pushed(down.data);
      deliveries_.received(place, item, now());
      last = item.seq;
      ++count;
    });
    if (count == 0) return;
    if (options_.acknowledge) {
      pb::MessageACK ack;
      ack.set_device_ack(last);
      peers_[place].send(frame(door_of(place), pb::PT_MESSAGE, 0, ack.SerializeAsString()));
    }
    for (; count > 0; --count)
      half_done(place, again);
  }

  const Options& options_;
  Poller poller_;
  Callers callers_;
  std::vector<SendCall> calls_;
  std::vector<Peer> peers_;
  Deliveries deliveries_;
  std::vector<Pair> pairs_;
  std::size_t turn_of_ = 0;  // goes on from run to run: who never sent anything would be cut off
};

}  // namespace linnet::bench
