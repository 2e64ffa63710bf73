// Thousands of devices that come and go over both doors, on one thread: they sign in, catch up,
// hear what is said to them and in rooms, and leave, politely or not. Meanwhile a few others send.
// Every inbox is followed: each device must get every seq once and in order, over all its visits.
#pragma once

#include "histogram.hpp"
#include "http.hpp"
#include "population.hpp"

#include <array>
#include <deque>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <vector>

namespace linnet::soak {

using bench::Nanos;

// Times of one interval.
struct Traffic {
  bench::Histogram deliveries;  // from when a message should leave until a device has it
  bench::Histogram large;       // the same, of the large group's
  bench::Histogram answers;     // until its sender is told
  bench::Histogram sign_ins;    // from connecting until it has caught up
};

// Thread: one.
class Visitors {
 public:
  struct Options {
    std::size_t at_once = 5000;  // on average
    double arrivals = 100;       // a second
    double messages = 100;       // a second, from one to another
    std::uint64_t seed = 1;
  };
  Visitors(const bench::Doors& doors, const Population& people, Options options);

  // Everybody comes, and as many go as are too many.
  void fill();
  void run(Nanos until);
  // Everybody comes once more; every inbox must have what its senders were told. Then all leave.
  void finish();

  std::size_t connected() const { return connected_; }
  Traffic take_traffic() { return std::exchange(traffic_, Traffic()); }
  std::uint64_t sign_ins() const { return sign_ins_; }
  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t received() const { return received_; }
  std::uint64_t said() const { return said_; }  // received in rooms
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  struct Visitor {
    bench::Door door = bench::Door::kTcp;
    std::optional<bench::Peer> peer;
    bool in = false;  // has caught up
    Nanos came = 0;
    std::int64_t last = 0;  // of its inbox
    std::int64_t room = 0;
    std::int64_t room_seq = 0;
    // Entries of its inbox from run() on: those that were sent, and of these the acknowledged.
    std::int64_t before = 0;
    std::int64_t sent = 0;
    std::int64_t told = 0;
  };
  struct Turn {
    Nanos due = 0;
    std::size_t who = 0;
    bool operator<(const Turn& other) const { return due > other.due; }  // the first is on top
  };
  struct Sent {
    std::uint64_t number = 0;
    Nanos due = 0;
    std::string request;
    std::vector<std::size_t> to;  // whose inboxes
  };

  void step(Nanos until);
  void come_or_go(std::size_t who);
  void come(std::size_t who);
  void go(std::size_t who);
  void come_all();
  void handle(const epoll_event& event);
  void hear(std::size_t who, const bench::Down& down, std::int64_t& kept);
  void take(std::size_t who, const bench::Item& item, bool live);
  void hear_room(Visitor& visitor, const bench::Down& down);
  void enter(std::size_t who);
  void say();
  void beat();
  void send(Nanos due, bool to_large_group);
  void call_next(std::size_t caller);
  void answered(std::size_t caller, const bench::HttpReply& reply);
  void fault(std::size_t who, const std::string& what);
  Nanos after(double mean_seconds);
  std::size_t any(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
  }

  const bench::Doors doors_;
  const Population& people_;
  Options options_;
  std::mt19937_64 random_;
  bench::Poller poller_;
  std::vector<Visitor> visitors_;
  std::priority_queue<Turn> turns_;
  std::size_t connected_ = 0;
  std::size_t in_ = 0;
  std::size_t next_beat_ = 0;
  std::int64_t fresh_room_ = 0;
  struct Clocks {
    Nanos message = 0;
    Nanos large = 0;
    Nanos room = 0;
    Nanos beat = 0;
  } next_;
  // While anybody sends: the server closes what says nothing.
  std::optional<bench::Callers> callers_;
  std::size_t next_caller_ = 0;
  std::vector<std::optional<Sent>> calling_;
  std::deque<Sent> waiting_;
  std::uint64_t next_number_ = std::uint64_t{1} << 30;  // beyond those of what was said before
  std::array<Nanos, 1U << 16U> due_{};                  // by number
  Traffic traffic_;
  std::uint64_t sign_ins_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t said_ = 0;
  std::vector<std::string> faults_;
};

}  // namespace linnet::soak
