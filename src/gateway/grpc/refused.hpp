// The refusals over gRPC beyond their connection's pace, and questions of reflection, which count
// in no rate either. gRPC reads whatever comes, so that it is their answers that wait; a connection
// has so many calls under way and no more.
//
//   a call is refused -> RefusalPaces: at once, or its answer in a while -> HeldRefusals ->
//   answered
#pragma once

#include "refusal_pace.hpp"

#include "linnet/base/clock.hpp"
#include "linnet/base/refusals.hpp"
#include "linnet/base/shard.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/set.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace linnet::gateway {

// Of every connection. Thread: any.
class RefusalPaces {
 public:
  // `clock` and `refusals` outlive it. A connection has `at_once` calls under way.
  RefusalPaces(const Clock& clock, Refusals& refusals, RefusalLimits limits, std::uint32_t at_once)
      : clock_(clock), refusals_(refusals), limits_(limits), at_once_(at_once) {}

  // A call of so many bytes is refused on a connection that gRPC names so: when it is answered, as
  // Clock::steady() has it; waiting is counted. Nothing: at once.
  std::optional<std::chrono::nanoseconds> refused(const std::string& peer, std::size_t bytes);

 private:
  void forget_paid(std::chrono::nanoseconds now);

  const Clock& clock_;
  Refusals& refusals_;
  const RefusalLimits limits_;
  const std::uint32_t at_once_;
  std::mutex mutex_;
  std::unordered_map<std::string, RefusalPace> owing_;
  std::size_t forgets_at_ = 0;  // so many, of which some may have paid
};

// Those of one shard that wait. Thread: any, but where another is named.
class HeldRefusals {
 public:
  // Of one call, which outlives what is held with it.
  class Entry : public boost::intrusive::set_base_hook<> {
   public:
    // `answer`, called on the shard at most once for each time that it is held, may end the call.
    // The entry may be gone by then.
    explicit Entry(std::function<void()> answer) : answer_(std::move(answer)) {}
    friend bool operator<(const Entry& a, const Entry& b) { return a.due_ < b.due_; }

   private:
    friend class HeldRefusals;
    std::function<void()> answer_;
    std::chrono::nanoseconds due_{0};
    bool abandoned_ = false;
  };

  // Both outlive it.
  HeldRefusals(Shard& shard, const Clock& clock)
      : shard_(shard), clock_(clock), timer_(shard.context()) {}

  // False: it is to be answered now.
  bool hold(Entry& entry, std::chrono::nanoseconds due);
  // Nobody waits for its answer: true when it was held, and is the caller's to end.
  bool abandon(Entry& entry);
  // All are answered now. Thread: the shard's.
  void stop();

 private:
  void wait();
  void answer_due(std::chrono::nanoseconds now);

  Shard& shard_;
  const Clock& clock_;
  boost::asio::steady_timer timer_;
  std::mutex mutex_;
  boost::intrusive::multiset<Entry> held_;
  bool stopped_ = false;
};

}  // namespace linnet::gateway
