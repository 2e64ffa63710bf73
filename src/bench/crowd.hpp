// The members of a room and who publishes to it, on one thread and at little cost: some members,
// evenly spread, are watched message by message as these come; of the others bytes are counted, now
// and then, and at the end it must be as many as the watched ones had.
#pragma once

#include "dialect.hpp"
#include "histogram.hpp"
#include "link.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace linnet::bench {

// `count` of the places 0 to `of` - 1, evenly spread, the first and the last among them; all when
// there are no more.
std::vector<std::size_t> spread(std::size_t count, std::size_t of);

// The payload of message `number`: its number, and x up to `size` bytes, which are at least 16.
std::string payload_of(std::uint64_t number, std::size_t size);

// What one watched member has got: messages 0, 1, 2 and so on, once and in order.
class Watched {
 public:
  // Whether it is the one due.
  bool got(std::string_view payload, std::size_t size);
  std::uint64_t next() const { return next_; }
  std::uint64_t wrong() const { return wrong_; }

 private:
  std::uint64_t next_ = 0;
  std::uint64_t wrong_ = 0;
};

struct CrowdOptions {
  std::size_t members = 1000;
  std::size_t watched = 50;
  std::size_t stuck = 0;  // members, evenly spread, that never read; none of the watched ones
  std::size_t payload = 100;
  Nanos patience = 10 * kSecond;  // with what should have come
  Nanos sweep = 25 * kMilli;      // between two looks at a member that is not watched
};

class Crowd {
 public:
  // Connects all and waits until each hears what is said, which a first message proves.
  Crowd(const Dialect& dialect, const Address& to, CrowdOptions options);

  // A burst of messages in one send. `intended`: when it should leave; latency counts from then.
  void publish(std::size_t burst, Nanos intended);
  // Reads what comes until then.
  void run(Nanos until);
  // Reads until the watched ones have everything; false when that does not come to pass.
  bool settle();
  // Reads until all have as much as the watched ones.
  bool settle_all();

  // From now on latencies count.
  void forget() { latencies_ = Histogram(); }
  const Histogram& latencies() const { return latencies_; }
  std::uint64_t published() const { return intended_.size(); }
  // So many hear each message.
  std::size_t hearers() const {
    return options_.members - stuck_.size() + (dialect_.publisher_hears() ? 1 : 0);
  }
  // Of those that never read, how many the server could not send everything to. Reads what it
  // could.
  std::size_t blocked();
  // What one message takes on its way to one member.
  double bytes_per_message() const {
    return static_cast<double>(bytes(watched_places_.front())) /
           static_cast<double>(std::max<std::uint64_t>(published() - 1, 1));
  }
  // What must not be, in words.
  std::vector<std::string> problems() const;

 private:
  struct Member {
    Link link;
    std::size_t step = 0;      // answers so far
    std::uint64_t before = 0;  // bytes before the first message that counts
  };

  void connect(const Address& to);
  void leave_unread();
  // Gives whether it has become ready.
  bool introduce(std::size_t place, std::uint32_t events);
  void prove();
  void turn(Nanos until);
  void watch_until(Nanos until);
  void watch(const epoll_event& event);
  void sweep_due(Nanos time);
  void sweep(std::size_t count);
  std::uint64_t bytes(std::size_t place) const;
  bool is_publisher(std::size_t place) const { return place == options_.members; }

  const Dialect& dialect_;
  CrowdOptions options_;
  Poller poller_;
  std::vector<Member> members_;  // the last one publishes
  std::vector<std::size_t> watched_places_;
  std::vector<Watched> watched_;
  std::vector<std::size_t> swept_;  // places
  std::vector<std::size_t> stuck_;
  std::size_t at_ = 0;  // in swept_
  Nanos swept_until_ = 0;
  std::vector<Nanos> intended_;
  Histogram latencies_;
};

}  // namespace linnet::bench
