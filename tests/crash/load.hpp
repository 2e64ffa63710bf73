// The load: each sender writes as fast as it is answered, over its own kind of door, until its
// connection ends; each listener takes what is pushed. All of it goes into the history.
#pragma once

#include "world.hpp"

#include <cstdint>
#include <deque>
#include <random>
#include <string>

namespace linnet::test {

struct Ports {
  std::uint16_t tcp = 0;
  std::uint16_t http = 0;
};

// Thread: one at a time.
class Sender {
 public:
  Sender(const World& world, History& history, std::size_t who, std::uint64_t seed);
  // Returns when the server has gone.
  void run(Ports ports);
  // Sends again what was not answered, and some of what was, with the same request ids. Throws when
  // the server refuses.
  void retry(std::uint16_t http_port);

 private:
  struct Sent {
    std::int64_t number = 0;
    std::string text;
    LogId told_in = 0;  // the log whose seq the answer gives
    std::string request;
  };
  enum class Kind { kHttp, kTcp, kWebSocket, kPipelined };
  Kind kind() const { return static_cast<Kind>(who_ % 4); }
  int any(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  Sent next();
  void answered(const Sent& sent, const std::string& response);
  void call(HttpConnection& connection, const Sent& sent);
  void run_http(std::uint16_t port);
  void run_long(Ports ports);
  void enter_room(LongConnection& connection);
  void say(LongConnection& connection);
  void handle(const pb::Output& packet);

  const World& world_;
  History& history_;
  std::size_t who_;
  std::mt19937_64 random_;
  std::int64_t last_number_ = 0;
  std::deque<Sent> unanswered_;
  std::deque<Sent> known_;  // the last that were answered
  std::int64_t room_ = 0;   // 0: in none
  History::Stream room_stream_ = 0;
};

// Takes what is pushed to the reading device of `who`, until the server has gone.
void listen(const World& world, History& history, std::size_t who, Ports ports);

// The whole log of a user or a group, with a sync each.
std::vector<History::Entry> read_inbox(const World& world, History& history, std::size_t who,
                                       Ports ports);
std::vector<History::Entry> read_group(const World& world, History& history, std::size_t group,
                                       Ports ports);

}  // namespace linnet::test
