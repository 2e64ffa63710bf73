// A bad network on loopback: passes bytes between clients and a server, over both its doors, and
// does to each connection what a network does.
#pragma once

#include "network.hpp"

#include <atomic>
#include <cstdint>
#include <list>
#include <random>
#include <thread>

namespace linnet::test {

enum class Fault {
  kBytes,      // one byte at a time
  kSegments,   // cut into segments of any size
  kStalls,     // now and then nothing for up to two seconds
  kReset,      // ended by RST at any byte
  kHalfClose,  // one direction ends at any byte, the other goes on
  kSlow,       // the client reads 1 KB/s
  kBlackhole,  // from any byte on nothing passes either way, and neither end is told
  kCut,        // ended at any byte, also between a request and its answer
};

class FaultProxy : public Network {
 public:
  struct Options {
    Ports server;
    // Each connection has one of them, and where there are several it ends too, for the next to
    // have another.
    std::vector<Fault> faults;
    std::uint64_t seed = 1;
    std::chrono::milliseconds cut_within{0};  // the server ends a connection that has gone silent
  };
  explicit FaultProxy(Options options);
  ~FaultProxy() override;

  Ports ports() const override { return ports_; }
  bool struck() const override { return any_struck_; }
  Counts close() override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Way {
    int from = -1;
    int to = -1;
    std::string held;
    Clock::time_point read_at;   // not before
    Clock::time_point write_at;  // not before
    bool blocked = false;        // `to` takes no more
    bool ended = false;          // `from` sends no more
    bool deaf = false;           // what comes is thrown away
    bool over = false;           // `to` was told that there is no more
  };
  struct Link {
    Fault fault = Fault::kBytes;
    const char* door = "";
    int client = -1;
    int server = -1;
    Way up;
    Way down;
    bool strikes_up = false;        // counts what goes up
    std::int64_t until_strike = 0;  // bytes
    bool silent = false;            // the server has to end it
    bool swallowed = false;         // nothing passes
    Clock::time_point since;        // of that
    Clock::time_point client_ends;  // a client that does not wait for the server
    bool done = false;
  };
  void run();
  void accept(int listener, std::uint16_t port, const char* door);
  void tend(Link& link, Clock::time_point now);
  void tend_swallowed(Link& link, Clock::time_point now);
  void read(Link& link, Way& way, Clock::time_point now);
  void write(Link& link, Way& way, Clock::time_point now);
  std::size_t portion(const Link& link, const Way& way);
  bool strikes(const Link& link, const Way& way) const;
  void strike(Link& link, Clock::time_point now);
  void pause(Link& link, Way& way, Clock::time_point now);
  void judge_silent(Link& link, Clock::time_point now, bool ended);
  void end(Link& link, bool reset);
  std::int64_t any(std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution<std::int64_t>(from, to)(random_);
  }

  Options options_;
  Ports ports_;
  int tcp_listener_ = -1;
  int http_listener_ = -1;
  std::mt19937_64 random_;
  std::list<Link> links_;
  Counts counts_;
  std::atomic<bool> any_struck_{false};
  std::atomic<bool> closing_{false};
  std::thread thread_;
};

}  // namespace linnet::test
