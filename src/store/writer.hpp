// The writer thread: takes all that is queued, runs it as one transaction, commits, and completes
// the waiters in order (group commit). It owns the write connection and all that rests on it.
#pragma once

#include "chores.hpp"
#include "connection.hpp"
#include "high_water_mark.hpp"
#include "job.hpp"
#include "message_log.hpp"

#include "linnet/base/durations.hpp"
#include "linnet/base/log.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace linnet::store {

class Writer {
 public:
  struct Limits {
    std::size_t queue = 0;  // jobs that may wait
    std::size_t bytes = 0;  // of all that wait
    std::size_t batch = 0;  // jobs in one transaction
    bool durable = true;
    std::chrono::microseconds delay{0};  // from the beginning of a transaction to that of the next
  };
  Writer(Connection& db, MessageLog& log, HighWaterMark& mark, Chores& chores, Logger& logger,
         const Limits& limits)
      : db_(db),
        log_(log),
        mark_(mark),
        chores_(chores),
        logger_(logger),
        limits_(limits),
        enough_(std::min({kEnough, limits.batch, limits.queue})) {}
  ~Writer() { close(); }

  void start();
  // Completes the job at once when it is refused (kServerBusy, kShuttingDown). Thread: any.
  void submit(std::unique_ptr<Job> job, std::size_t bytes);
  // Calls `during` while the writer is between two transactions, and keeps it there. Not after
  // close(). Thread: any but the writer's.
  void hold(const std::function<void()>& during);
  // While there is one, nothing is written but what was submitted: the write-ahead log grows as
  // slowly as it can. Thread: any; one at a time.
  class Rest {
   public:
    explicit Rest(Writer& writer) : writer_(writer) { writer_.chores_rest_ = true; }
    ~Rest() { writer_.chores_rest_ = false; }
    Rest(const Rest&) = delete;
    Rest& operator=(const Rest&) = delete;

   private:
    Writer& writer_;
  };
  // Nothing is written any more: the disk failed. Thread: any.
  void give_up(const Error& why);
  // Why nothing can be written; empty when it can. Thread: any.
  std::string trouble() const;
  // Jobs that wait for their transaction. Thread: any.
  std::size_t waiting() const;
  // Thread: any.
  const Durations& commits() const { return commits_; }
  bool gave_up() const { return gave_up_.load(std::memory_order_acquire); }
  // Refuses new jobs, commits what is queued, completes it, writes what waits, joins. Once, by the
  // owner.
  void close();

 private:
  static constexpr std::size_t kEnough = 32;

  struct Queued {
    std::unique_ptr<Job> job;
    std::size_t bytes;
  };
  using Jobs = std::vector<std::unique_ptr<Job>>;

  void loop();
  // Waits for jobs, at most `rest`, and marks the writer busy; false at the end.
  bool take(Jobs& jobs, std::chrono::milliseconds rest);
  // Lets more jobs come in, while several come at once.
  void gather(std::unique_lock<std::mutex>& lock);
  void leave();
  void run_batch(const Jobs& jobs);
  Status write(const Jobs& jobs);
  // False when the whole transaction is lost.
  bool run_one(Job& job);
  bool undo_one(const Job& job, const MessageLog::Mark& mark);
  void run_chores(bool idle);
  // Nobody may send because nothing can be written: tries whether it can again.
  void probe();
  void note_batch(const Status& outcome);
  // That it waits for the disk; empty when it does not, or not for long.
  std::string slow() const;
  void note_speed();
  // Tells the log of the first failure after a success, and of the first success after a failure.
  void note(const Status& outcome, const char* doing, bool& failing);

  Connection& db_;
  MessageLog& log_;
  HighWaterMark& mark_;
  Chores& chores_;
  Logger& logger_;
  Limits limits_;
  const std::size_t enough_;  // jobs that wait for no more

  mutable std::mutex mutex_;
  std::condition_variable wake_;      // for the writer
  std::condition_variable standing_;  // for those who hold it
  std::deque<Queued> queue_;
  std::size_t queued_bytes_ = 0;
  int holders_ = 0;
  bool busy_ = false;
  bool closing_ = false;
  std::chrono::steady_clock::time_point begun_;  // when the last batch was
  std::size_t last_batch_ = 0;                   // its jobs
  Error why_;                                    // it gave up
  std::string refused_;                          // why the last commit failed; empty: it did not
  std::string not_merged_;                       // the same of the last chore
  std::atomic<bool> gave_up_ = false;
  std::atomic<bool> chores_rest_ = false;
  // When it began to write, in milliseconds of the steady clock; 0: it does not.
  std::atomic<std::int64_t> writing_since_ = 0;
  Durations commits_;
  bool batch_failing_ = false;
  std::chrono::steady_clock::time_point probed_;
  bool chores_failing_ = false;
  std::thread thread_;
};

}  // namespace linnet::store
