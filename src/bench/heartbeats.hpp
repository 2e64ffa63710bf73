// Heartbeats, so many under way on each of some connections: packets that touch nothing else.
#pragma once

#include "options.hpp"
#include "people.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::bench {

class Heartbeats {
 public:
  Heartbeats(const Options& options, Door door, const Doors& doors,
             const std::vector<Account>& users)
      : pipeline_(options.pipeline) {
    for (std::size_t i = 0; i < pipeline_; ++i)
      burst_ += frame(door, pb::PT_HEARTBEAT, static_cast<std::int64_t>(i + 1), {});
    auto count = options.beating;
    connect_all(peers_, count, poller_, doors, users, [door](std::size_t) { return door; });
    missing_.assign(count, pipeline_);
    for (auto& peer : peers_)
      peer.send(burst_);
  }

  // Beats until then.
  void run(Nanos until) {
    while (now() < until) {
      for (const auto& event : poller_.wait(until)) {
        auto place = static_cast<std::size_t>(event.data.u64);
        auto& missing = missing_[place];
        peers_[place].handle(event.events, [&](const Down& down) {
          if (down.type != pb::PT_HEARTBEAT) return;
          // Answers come in the order of the questions.
          if (down.request_id != static_cast<std::int64_t>(pipeline_ - missing + 1)) ++wrong_;
          ++answers_;
          --missing;
        });
        if (missing > 0) continue;
        missing = pipeline_;
        peers_[place].send(burst_);
      }
    }
  }
  std::uint64_t answers() const { return answers_; }
  std::uint64_t wrong() const { return wrong_; }

 private:
  Poller poller_;
  std::size_t pipeline_;
  std::string burst_;
  std::vector<Peer> peers_;
  std::vector<std::size_t> missing_;
  std::uint64_t answers_ = 0;
  std::uint64_t wrong_ = 0;
};

}  // namespace linnet::bench
