#include "linnet/base/shard.hpp"

#include "linnet/base/turns.hpp"

#include <boost/asio/post.hpp>

namespace linnet {

Shard::Shard(std::size_t index) : index_(index), work_(boost::asio::make_work_guard(context_)) {}

Shard::~Shard() {
  stop();
}

void Shard::post(Callback<void()> task) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    wake = mailbox_.empty();
    mailbox_.push_back(std::move(task));
  }
  if (wake) boost::asio::post(context_, [this] { drain(); });
}

void Shard::at_turn_end(Callback<void()> task) {
  boost::asio::post(context_, [task = std::move(task)]() mutable { task(); });
}

void Shard::drain() {
  std::vector<Callback<void()>> tasks;
  {
    std::lock_guard lock(mutex_);
    tasks.swap(mailbox_);
  }
  for (auto& task : tasks)
    task();
}

void Shard::start() {
  thread_ = std::thread([this] {
    ask_for_short_turns();
    context_.run();
  });
}

void Shard::stop() {
  work_.reset();
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace linnet
