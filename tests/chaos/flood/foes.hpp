// Connections of attackers: many on one thread, from as many addresses as one likes. That the
// server ends one is no error: it is what is looked for.
#pragma once

#include "link.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::flood {

using bench::Nanos;

// Thread: one.
class Foes {
 public:
  explicit Foes(std::size_t count) : foes_(count) {}
  ~Foes();
  Foes(const Foes&) = delete;
  Foes& operator=(const Foes&) = delete;

  std::size_t size() const { return foes_.size(); }
  // Connects from 127.1.x.y, of which each has `per_address` foes; `small_window`: takes as little
  // as it can. False: it could not be.
  bool connect(std::size_t foe, const bench::Address& to, std::size_t per_address = 100,
               bool small_window = false);
  bool open(std::size_t foe) const { return foes_[foe].fd >= 0; }
  std::size_t open_count() const { return open_; }
  // As much as the socket takes; the rest is kept and goes first the next time. False: it is full.
  bool say(std::size_t foe, std::string_view bytes);
  void close(std::size_t foe);
  // Everything that comes until then is read, but of those that are deaf; `heard(foe, received)`
  // may take from what it is given.
  template <class Heard>
  void listen(Nanos until, Heard&& heard) {
    for (const auto& event : poller_.wait(until)) {
      const auto foe = static_cast<std::size_t>(event.data.u64);
      if (!open(foe) || foes_[foe].deaf) continue;
      const bool ended = !receive(foe);
      heard(foe, foes_[foe].received);
      if (ended && open(foe)) end(foe);
    }
  }
  void be_deaf(std::size_t foe) { foes_[foe].deaf = true; }
  // Those that the server ended.
  std::size_t cut() const { return cut_; }
  // Ends of the deaf are seen here alone.
  void look_for_ends();

 private:
  struct Foe {
    int fd = -1;
    bool deaf = false;
    std::string unsent;
    std::string received;
  };
  bool receive(std::size_t foe);
  void end(std::size_t foe);

  bench::Poller poller_;
  std::vector<Foe> foes_;
  std::size_t open_ = 0;
  std::size_t cut_ = 0;
};

}  // namespace linnet::flood
