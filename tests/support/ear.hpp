// Devices that stay connected while others look at a server: what is written meanwhile must come
// to them by itself.
#pragma once

#include "load.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace linnet::test {

// Where every log ends.
struct Heads {
  std::vector<std::int64_t> inboxes;  // by user
  std::vector<std::int64_t> groups;   // 0: a small one, of which nothing is pushed
};

// Thread: one.
class Ears {
 public:
  // The reading device of each user connects, and catches up from `from` on.
  Ears(const World& world, History& history, const Heads& from, Ports ports);
  ~Ears();
  Ears(const Ears&) = delete;
  Ears& operator=(const Ears&) = delete;

  // Waits until each has come to the end of its inbox by pushes alone, and anybody to that of each
  // large group; what does not come in time is a fault. Once.
  std::vector<std::string> hear(const Heads& to);

 private:
  struct Ear {
    std::size_t who = 0;
    std::int64_t seq = 0;
    std::atomic<bool> caught_up = false;
    std::atomic<bool> over = false;
    std::string problem;
    std::thread thread;
  };
  void run(Ear& ear, Ports ports);
  void take(Ear& ear, History::Stream stream, GroupEar& groups, const pb::Output& packet);
  bool satisfied(const Ear& ear) const;
  std::string missing(const Ear& ear) const;

  const World& world_;
  History& history_;
  std::vector<std::atomic<std::int64_t>> group_seqs_;  // by any of them
  std::atomic<bool> known_ = false;                    // where they must come to
  Heads to_;
  std::vector<std::unique_ptr<Ear>> ears_;
};

}  // namespace linnet::test
