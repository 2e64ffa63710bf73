// The reader pool: a few threads, each with a read-only connection of its own, one bounded queue.
#pragma once

#include "connection.hpp"

#include "linnet/base/callback.hpp"

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace linnet::store {

class Readers {
 public:
  // `queue`: reads that may wait.
  explicit Readers(std::size_t queue) : queue_limit_(queue) {}
  ~Readers() { close(); }

  // Opens `count` connections and starts as many threads. Error: kStorage.
  Status start(const std::filesystem::path& file, const std::string& vfs, std::size_t count,
               std::size_t cache_bytes);

  // `run` is called with a connection on a reader's thread, then `done` with its result; `done` is
  // called at once when the read is refused (kServerBusy, kShuttingDown). Thread: any.
  template <class T, class Run>
  void read(Run run, Done<T> done) {
    submit(std::make_unique<TaskOf<T, Run>>(std::move(run), std::move(done)));
  }
  // Runs `work` on a reader's thread; at once on the caller's when there is no room. Thread: any.
  void lend(std::function<void()> work);
  // Refuses new reads, completes what is queued, joins. By the owner.
  void close();

 private:
  struct Task {
    Task() = default;
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    virtual ~Task() = default;
    virtual void run(Connection& db) = 0;
    virtual void refuse(Error error) = 0;
  };
  template <class T, class Run>
  struct TaskOf final : Task {
    TaskOf(Run run, Done<T> done) : run_(std::move(run)), done_(std::move(done)) {}
    void run(Connection& db) override { done_(run_(db)); }
    void refuse(Error error) override { done_(std::move(error)); }
    Run run_;
    Done<T> done_;
  };

  void submit(std::unique_ptr<Task> task);
  void loop(Connection& db);

  std::size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Task>> queue_;
  bool closing_ = false;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::thread> threads_;
};

}  // namespace linnet::store
