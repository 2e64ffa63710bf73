// A shard: one thread, one io_context, and whatever connections live on it. Nothing of a shard is
// locked; the only way onto it from outside is post().
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/talk.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace linnet {

class Shard {
 public:
  explicit Shard(std::size_t index);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  std::size_t index() const { return index_; }
  boost::asio::io_context& context() { return context_; }

  // Runs `task` on the shard's thread, in the order of the posts. Thread: any.
  // Many posts between two turns of the loop cost one wake-up.
  void post(Callback<void()> task);
  // Runs `task` at the end of the current turn, after the handlers that are ready now. Thread: the
  // shard's.
  void at_turn_end(Callback<void()> task);
  // Thread: the shard's.
  Talk& talk() { return talk_; }

  // start() once; stop() ends the loop and joins. Thread: the owner's.
  void start();
  void stop();

 private:
  void drain();

  std::size_t index_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::mutex mutex_;
  std::vector<Callback<void()>> mailbox_;
  Talk talk_;
  std::thread thread_;
};

using Shards = std::vector<std::unique_ptr<Shard>>;

}  // namespace linnet
