// The load: each sender writes as fast as it is answered, over its own kind of door, until its
// connection ends, and goes on over the next; each listener takes what is pushed. All of it goes
// into the history.
#pragma once

#include "pb/room.ext.pb.h"
#include "world.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace linnet::test {

struct Ports {
  std::uint16_t tcp = 0;
  std::uint16_t http = 0;
};

// What a client does wrong on purpose, so that the checker has something to find.
enum class Mistake {
  kNone,
  kNewIds,      // a request that is sent again has a new request id
  kEarlyClaim,  // what was not answered is taken for acknowledged, and not sent again
  kLostPush,    // what was pushed is not always taken
};

// What a server may answer here though nothing is wrong with it: by default nothing but success.
struct Tolerance {
  std::vector<int> refusals;  // ErrCodes
  bool silence = false;       // an answer may never come
};

// A long connection's silence is broken so often.
inline constexpr std::chrono::milliseconds kHeartbeat{1500};

// Thread: one at a time.
class Sender {
 public:
  struct Options {
    bool both_doors = false;  // every request over HTTP and a long connection at once
    Mistake mistake = Mistake::kNone;
    Tolerance tolerance = {};
    std::chrono::milliseconds pause{0};  // the longest after an answer
    // Told of each message when it was made and is now acknowledged, on the sender's thread.
    std::function<void(std::chrono::steady_clock::time_point)> acknowledged = nullptr;
  };
  Sender(const World& world, History& history, std::size_t who, std::uint64_t seed);
  Sender(const World& world, History& history, std::size_t who, std::uint64_t seed,
         Options options);
  // Sends again what was not answered, with its request ids, then what is new, until the connection
  // ends.
  void run(Ports ports);
  // Sends again what was not answered, and some of what was, with the same request ids, and then
  // something new. Throws when the server refuses.
  void retry(std::uint16_t http_port);
  // Answers that no server should give, and those that did not come.
  const std::vector<std::string>& problems() const { return problems_; }
  // What came in its room. Thread: any.
  std::size_t heard_live() const { return heard_live_; }

 private:
  struct Sent {
    std::int64_t number = 0;
    std::string text;
    LogId told_in = 0;  // the log whose seq the answer gives
    std::string request;
    std::chrono::steady_clock::time_point made;
  };
  enum class Kind { kHttp, kTcp, kWebSocket, kPipelined, kBoth };
  Kind kind() const { return options_.both_doors ? Kind::kBoth : static_cast<Kind>(who_ % 4); }
  int any(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  Sent next();
  void answered(const Sent& sent, const std::string& response);
  void front_answered();
  void err();
  void call(HttpConnection& connection, const Sent& sent);
  void send(LongConnection& connection, const Sent& sent);
  LongConnection connect(Ports ports);
  // Nothing when the peer has closed; beats while it waits.
  std::optional<pb::Output> receive(LongConnection& connection);
  void run_http(std::uint16_t port);
  void run_long(Ports ports);
  void run_both(Ports ports);
  void enter_room(LongConnection& connection);
  void say(LongConnection& connection);
  void handle(const pb::Output& packet);

  const World& world_;
  History& history_;
  std::size_t who_;
  std::mt19937_64 random_;
  Options options_;
  std::int64_t last_number_ = 0;
  std::deque<Sent> unanswered_;
  std::deque<Sent> known_;  // the last that were answered
  std::int64_t room_ = 0;   // 0: in none
  History::Stream room_stream_ = 0;
  std::chrono::steady_clock::time_point beat_at_;
  std::chrono::steady_clock::time_point patient_until_;  // for the next answer
  std::atomic<std::size_t> heard_live_ = 0;
  std::vector<std::string> problems_;
};

// What one device is pushed of the large groups, where messages may be missing, but none comes
// twice, late or as another. Thread: one at a time.
class GroupEar {
 public:
  GroupEar(const World& world, History& history);
  // False: it is no large group's.
  bool take(const pb::MessageItem& item);

 private:
  const World& world_;
  History& history_;
  std::vector<History::Stream> streams_;  // by group
};

// Takes what is pushed to the reading device of `who`, and on a new connection first what it
// missed. Thread: one at a time.
class Listener {
 public:
  struct Options {
    Mistake mistake = Mistake::kNone;
    Tolerance tolerance = {};
  };
  Listener(const World& world, History& history, std::size_t who);
  Listener(const World& world, History& history, std::size_t who, Options options);
  // Until the connection ends.
  void run(Ports ports);
  const std::vector<std::string>& problems() const { return problems_; }
  // What came without being asked for. Thread: any.
  std::size_t pushed() const { return pushed_; }

 private:
  void listen(LongConnection& connection);
  void take(const pb::MessageItem& item);

  const World& world_;
  History& history_;
  std::size_t who_;
  Options options_;
  GroupEar groups_;
  std::atomic<std::size_t> pushed_ = 0;
  std::vector<std::string> problems_;
  std::int64_t seq_ = 0;  // of the last that it has
  std::size_t taken_ = 0;
  History::Stream stream_ = 0;
};

// Of many clients, held by pointers: what came to them without being asked for, what came in their
// rooms, and what no server should have answered, once they have ended.
template <class Clients>
std::size_t pushed_to(const Clients& clients) {
  std::size_t all = 0;
  for (const auto& client : clients)
    all += client->pushed();
  return all;
}
template <class Clients>
std::size_t heard_live_by(const Clients& clients) {
  std::size_t all = 0;
  for (const auto& client : clients)
    all += client->heard_live();
  return all;
}
template <class Clients>
void add_problems(const Clients& clients, std::vector<std::string>& all) {
  for (const auto& client : clients)
    all.insert(all.end(), client->problems().begin(), client->problems().end());
}

// A message by its text, which says who sent it and to whom: "USER/NUMBER>RECEIVER", where the
// receiver is u and a user's place in the world, g and a group's, or r and a room. It is given as
// another's, so that nobody has sent it, when anything beside the text says otherwise. The server's
// own entries, of which `own` at most come first, have no text.
History::Entry entry_of(const World& world, const pb::MessageItem& item, std::int64_t own);
History::Entry entry_of(const World& world, std::int64_t room, const pb::RoomItem& item);

// What there is to see when all is quiet: every log is read, what was not answered is sent again
// and something new is sent, which must also come to those who are connected meanwhile, and all is
// read once more.
struct Look {
  std::size_t recovered = 0;  // there, though not acknowledged
  std::vector<std::string> faults;
};
Look look_around(const World& world, History& history,
                 const std::vector<std::unique_ptr<Sender>>& senders, Ports ports);

}  // namespace linnet::test
