// What a server used and took, sample by sample, and whether it grew.
#pragma once

#include "visitors.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

namespace linnet::soak {

struct Sample {
  double seconds = 0;  // since the beginning
  double rss = 0;      // bytes
  double rss_anon = 0;
  double heap = 0;  // of it, what malloc has given out
  double descriptors = 0;
  double connected = 0;   // of the visitors
  double cpu = 0;         // of one processor, since the last sample
  double generator = 0;   // the same of this process
  double sign_ins = 0;    // a second
  double deliveries = 0;  // a second, to inboxes and in rooms
  double p50_ms = 0;      // of a message's way to a device
  double p99_ms = 0;
  double large_p99_ms = 0;  // the same in the large group
  double answer_p99_ms = 0;
  double sign_in_p99_ms = 0;
};

std::size_t descriptors_of(pid_t pid);

// What they stand for, as /proc says: a path, or a kind and the number of its inode.
std::multiset<std::string> open_of(pid_t pid);

// Takes samples, and writes each to the file as a line of CSV. Throws when it cannot be made.
class Samples {
 public:
  Samples(pid_t server, std::uint16_t http_port, const std::string& file);
  ~Samples();
  Samples(const Samples&) = delete;
  Samples& operator=(const Samples&) = delete;

  void take(Visitors& visitors);
  const std::vector<Sample>& all() const { return samples_; }

 private:
  struct Counts {
    Nanos time = 0;
    Nanos cpu = 0;
    Nanos generator = 0;
    std::uint64_t sign_ins = 0;
    std::uint64_t deliveries = 0;
  };
  Counts count(const Visitors* visitors) const;
  void write(const Sample& sample);

  pid_t server_;
  std::uint16_t http_port_;
  std::FILE* file_;
  Nanos begin_;
  Counts before_;
  std::vector<Sample> samples_;
};

// The straight line nearest to a member of the samples from `warm_up` seconds on.
struct Trend {
  double mean = 0;
  double per_hour = 0;
  double error = 0;  // the standard error of per_hour
  double share_per_hour() const { return mean == 0 ? 0 : per_hour / mean; }
  double share_error() const { return mean == 0 ? 0 : error / mean; }
};
template <class Of>
Trend trend_of(const std::vector<Sample>& samples, double warm_up, Of of) {
  double count = 0;
  double x = 0;
  double y = 0;
  double xx = 0;
  double xy = 0;
  double yy = 0;
  for (const auto& sample : samples) {
    if (sample.seconds < warm_up) continue;
    const double hours = sample.seconds / 3600;
    const double value = of(sample);
    ++count;
    x += hours;
    y += value;
    xx += hours * hours;
    xy += hours * value;
    yy += value * value;
  }
  const double spread = count * xx - x * x;
  if (count < 3 || spread <= 0) return {};
  const double slope = (count * xy - x * y) / spread;
  const double rest = std::max(0.0, (count * yy - y * y) / spread - slope * slope);
  return {y / count, slope, std::sqrt(rest / (count - 2))};
}

}  // namespace linnet::soak
