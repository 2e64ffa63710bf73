#include "readers.hpp"

#include <utility>

namespace linnet::store {

Status Readers::start(const std::filesystem::path& file, const std::string& vfs, std::size_t count,
                      std::size_t cache_bytes) {
  for (std::size_t i = 0; i < count; ++i) {
    auto opened = Connection::open(file, Connection::Mode::kRead, vfs);
    if (!opened) return opened.take_error();
    auto sized = (*opened)->set_cache(cache_bytes);
    if (!sized) return sized;
    connections_.push_back(std::move(*opened));
  }
  for (auto& connection : connections_)
    threads_.emplace_back([this, db = connection.get()] { loop(*db); });
  return success();
}

void Readers::submit(std::unique_ptr<Task> task) {
  ErrCode refusal = ErrCode::kShuttingDown;
  {
    std::lock_guard lock(mutex_);
    if (!closing_) {
      if (queue_.size() < queue_limit_) {
        queue_.push_back(std::move(task));
        wake_.notify_one();
        return;
      }
      refusal = ErrCode::kServerBusy;
    }
  }
  task->refuse(Error(refusal));
}

void Readers::lend(std::function<void()> work) {
  // Refused, a read is done at once with an error.
  auto once = std::make_shared<std::function<void()>>(std::move(work));
  read<Unit>(
      [once](Connection&) {
        std::exchange(*once, nullptr)();
        return success();
      },
      [once](const Result<Unit>&) {
        if (*once) std::exchange(*once, nullptr)();
      });
}

void Readers::close() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_all();
  }
  for (auto& thread : threads_)
    thread.join();
  threads_.clear();
  connections_.clear();
}

void Readers::loop(Connection& db) {
  for (;;) {
    std::unique_ptr<Task> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !queue_.empty() || closing_; });
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task->run(db);
  }
}

}  // namespace linnet::store
