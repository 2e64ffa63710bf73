// Which messages were sent, acknowledged and received, and whether any was lost, repeated or out
// of order.
#pragma once

#include "histogram.hpp"
#include "measure.hpp"
#include "peer.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::bench {

// Messages are numbered as they are begun, over all pairs. Bounded: kMost of them.
class Deliveries {
 public:
  static constexpr std::size_t kMost = 8'000'000;

  explicit Deliveries(std::size_t pairs) : pairs_(pairs) {}

  bool full() const { return messages_.size() >= kMost; }
  // Gives its number. `intended`: when it should leave, which is what latency counts from.
  std::uint64_t begin(std::size_t pair, Nanos intended);
  void acknowledged(std::uint64_t number, bool accepted);
  // What the receiver of `pair` was pushed.
  void received(std::size_t pair, const Item& item, Nanos at);

  // Only messages intended from then on count in latencies().
  void measure_from(Nanos when) {
    measured_from_ = when;
    latencies_ = Histogram();
  }
  const Histogram& latencies() const { return latencies_; }
  std::uint64_t begun() const { return messages_.size(); }
  std::uint64_t received() const { return received_; }
  // All that was acknowledged has come.
  bool settled() const { return answered_ == messages_.size() && lost() == 0; }
  // What must not be, in words; empty when all is well.
  std::vector<std::string> problems() const;
  std::uint64_t lost() const;

 private:
  struct Message {
    Nanos intended = 0;
    std::uint32_t pair = 0;
    bool accepted = false;
    bool received = false;
  };
  struct Pair {
    std::uint64_t next = 0;  // after the highest number received
    std::int64_t seq = 0;    // last in the receiver's inbox
  };

  std::vector<Message> messages_;
  std::vector<Pair> pairs_;
  Histogram latencies_;
  Nanos measured_from_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t accepted_received_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t out_of_order_ = 0;
  std::uint64_t strange_ = 0;
  std::uint64_t seq_gaps_ = 0;
};

}  // namespace linnet::bench
