// What a server says on /metrics of how long its store's transactions took.
#pragma once

#include "peer.hpp"
#include "report.hpp"

#include <cstdint>
#include <vector>

namespace linnet::bench {

// Counts from its construction to stop().
class CommitMeter {
 public:
  explicit CommitMeter(const Address& http);
  void stop();
  // The upper bound of the bucket; unknown where the server has no /metrics.
  Cell percentile_ms(double share) const;

 private:
  struct Bucket {
    double upto_ms;
    std::uint64_t count;  // up to it
  };
  using Buckets = std::vector<Bucket>;
  Buckets read() const;

  Address http_;
  Buckets buckets_;
};

}  // namespace linnet::bench
