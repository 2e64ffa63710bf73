// The calls over gRPC whose next message has not come yet, each until its time is over: gRPC itself
// waits for it as long as the connection lives.
#pragma once

#include "linnet/base/clock.hpp"
#include "linnet/base/shard.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <chrono>
#include <functional>
#include <mutex>
#include <utility>

namespace linnet::gateway {

// Thread: any, but where another is named.
class AwaitedMessages {
 public:
  // Of one call, which outlives what is begun with it.
  class Entry : public boost::intrusive::list_base_hook<> {
   public:
    // `late`, called on the shard at most once, ends the call. The entry may be gone by then.
    explicit Entry(std::function<void()> late) : late_(std::move(late)) {}

   private:
    friend class AwaitedMessages;
    std::function<void()> late_;
    std::chrono::milliseconds due_{0};
    bool over_ = false;
  };

  // Both outlive it. `limit` 0: none is ever late.
  AwaitedMessages(Shard& shard, const Clock& clock, std::chrono::milliseconds limit)
      : shard_(shard), clock_(clock), limit_(limit), timer_(shard.context()) {}

  void begin(Entry& entry);
  // Its message came, or none will. False: it was late, and is ended or about to be.
  bool end(Entry& entry);
  // Nobody is late any more. Thread: the shard's.
  void stop();

 private:
  void look_later();
  void look();

  Shard& shard_;
  const Clock& clock_;
  const std::chrono::milliseconds limit_;
  boost::asio::steady_timer timer_;
  std::mutex mutex_;
  boost::intrusive::list<Entry> waiting_;  // whoever began last is due last
  bool looking_ = false;                   // the timer runs, or is about to
  bool stopped_ = false;
};

}  // namespace linnet::gateway
