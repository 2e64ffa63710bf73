#include "commits.hpp"

#include "http.hpp"
#include "server.hpp"

#include <charconv>
#include <limits>
#include <string>
#include <string_view>

namespace linnet::bench {
namespace {

constexpr std::string_view kBucket = "linnet_commit_seconds_bucket{le=\"";

// The body; empty when there is none.
std::string get_metrics(const Address& http) {
  Poller poller;
  Callers caller(poller, http, 1);
  caller.call(0, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::string body;
  bool answered = false;
  for (const auto deadline = now() + 10 * kSecond; !answered && now() < deadline;) {
    for (const auto& event : poller.wait(deadline))
      caller.handle(event, [&](std::size_t /*caller*/, const HttpReply& reply) {
        answered = true;
        if (reply.status == 200) body = reply.body;
      });
  }
  return body;
}

}  // namespace

CommitMeter::CommitMeter(const Address& http) : http_(http), buckets_(read()) {}

CommitMeter::Buckets CommitMeter::read() const {
  Buckets result;
  const auto text = get_metrics(http_);
  std::string_view rest(text);
  for (;;) {
    const auto at = rest.find(kBucket);
    if (at == std::string_view::npos) return result;
    rest.remove_prefix(at + kBucket.size());
    const auto quote = rest.find('"');
    if (quote == std::string_view::npos || rest.size() < quote + 3) return result;
    auto bound = std::numeric_limits<double>::infinity();
    if (rest.substr(0, quote) != "+Inf") std::from_chars(rest.data(), rest.data() + quote, bound);
    rest.remove_prefix(quote + 3);
    std::uint64_t count = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), count);
    result.push_back({bound * 1e3, count});
  }
}

void CommitMeter::stop() {
  auto after = read();
  if (after.size() != buckets_.size()) after.clear();
  for (std::size_t i = 0; i < after.size(); ++i)
    after[i].count -= buckets_[i].count;
  buckets_ = std::move(after);
}

Cell CommitMeter::percentile_ms(double share) const {
  if (buckets_.empty() || buckets_.back().count == 0) return kUnknown;
  const auto wanted = share * static_cast<double>(buckets_.back().count);
  for (const auto& bucket : buckets_)
    if (static_cast<double>(bucket.count) >= wanted) return bucket.upto_ms;
  return kUnknown;
}

}  // namespace linnet::bench
