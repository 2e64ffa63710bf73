#include "writer.hpp"

#include "linnet/base/turns.hpp"

#include <string>

namespace linnet::store {
namespace {

constexpr std::chrono::milliseconds kBetweenProbes{500};
constexpr std::chrono::milliseconds kWhileChoresRest{5};
constexpr std::chrono::milliseconds kSlow{3000};
// A sync for so few is not spared for others' sake, and one for so many is cheap for each
// (measured: docs/performance.md, "Deliveries at half of the most").
constexpr std::size_t kSeveral = 4;

std::chrono::milliseconds steady_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

void Writer::start() {
  thread_ = std::thread([this] {
    ask_for_short_turns();
    loop();
  });
}

void Writer::submit(std::unique_ptr<Job> job, std::size_t bytes) {
  Error refusal(ErrCode::kShuttingDown);
  {
    std::lock_guard lock(mutex_);
    if (!closing_) {
      // A job is never too large for an empty queue.
      if (queue_.size() < limits_.queue &&
          (queue_.empty() || queued_bytes_ + bytes <= limits_.bytes)) {
        queue_.push_back({std::move(job), bytes});
        queued_bytes_ += bytes;
        // Between these the writer is awake, about to be, or gathers.
        if (queue_.size() == 1 || queue_.size() == enough_) wake_.notify_one();
        return;
      }
      refusal = Error(ErrCode::kServerBusy, {}, "the writer's queue is full");
    }
  }
  job->fail(refusal);
  job->complete();
}

void Writer::hold(const std::function<void()>& during) {
  {
    std::unique_lock lock(mutex_);
    ++holders_;
    standing_.wait(lock, [this] { return !busy_; });
  }
  during();
  std::lock_guard lock(mutex_);
  --holders_;
  wake_.notify_one();
}

void Writer::give_up(const Error& why) {
  {
    std::lock_guard lock(mutex_);
    if (gave_up_.load(std::memory_order_relaxed)) return;
    why_ = Error(ErrCode::kStorage, {}, "the disk failed before: " + why.detail());
    gave_up_.store(true, std::memory_order_release);
  }
  logger_.error("storage_gave_up",
                {{"error", why.detail()},
                 {"hint", "nothing is written until a restart; check the disk first"}});
}

void Writer::close() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Writer::loop() {
  Jobs jobs;
  std::chrono::milliseconds rest{0};
  while (take(jobs, rest)) {
    const bool idle = jobs.empty();
    writing_since_ = steady_now().count();
    if (!idle) run_batch(jobs);
    jobs.clear();
    run_chores(idle);
    if (idle && batch_failing_) probe();
    note_speed();
    rest = chores_rest_ ? kWhileChoresRest : chores_.rest();
    leave();
  }
  if (gave_up()) return;
  auto finished = chores_.finish();
  note(finished, "finish", chores_failing_);
}

bool Writer::take(Jobs& jobs, std::chrono::milliseconds rest) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, rest, [this] { return !queue_.empty() || closing_; });
  gather(lock);
  wake_.wait(lock, [this] { return holders_ == 0; });
  if (queue_.empty() && closing_) return false;
  while (!queue_.empty() && jobs.size() < limits_.batch) {
    queued_bytes_ -= queue_.front().bytes;
    jobs.push_back(std::move(queue_.front().job));
    queue_.pop_front();
  }
  if (!jobs.empty()) {
    last_batch_ = jobs.size();
    begun_ = std::chrono::steady_clock::now();
  }
  busy_ = true;
  return true;
}

void Writer::gather(std::unique_lock<std::mutex>& lock) {
  if (last_batch_ >= kSeveral && !queue_.empty()) {
    wake_.wait_until(lock, begun_ + limits_.delay,
                     [this] { return queue_.size() >= enough_ || closing_; });
  }
}

void Writer::leave() {
  std::lock_guard lock(mutex_);
  busy_ = false;
  if (holders_ > 0) standing_.notify_all();
}

void Writer::run_batch(const Jobs& jobs) {
  const auto before = log_.mark();
  const auto begin = std::chrono::steady_clock::now();
  auto written = write(jobs);
  if (written) commits_.add(std::chrono::steady_clock::now() - begin);
  if (written && gave_up()) {
    // The checkpointer's sync failed meanwhile: perhaps on what this batch wrote.
    std::lock_guard lock(mutex_);
    written = why_;
  }
  if (written) {
    mark_.raise(log_.last());
    log_.committed();
  } else {
    if (db_.disk_failed()) give_up(written.error());
    log_.undo(before);
    for (const auto& job : jobs) {
      if (job->writes() == Job::Writes::kNothing) {
        static_cast<void>(job->run());
      } else {
        job->fail(written.error());
      }
    }
  }
  note_batch(written);
  for (const auto& job : jobs)
    job->complete();
}

Status Writer::write(const Jobs& jobs) {
  if (gave_up()) {
    std::lock_guard lock(mutex_);
    return why_;
  }
  auto durable = db_.set_durable(limits_.durable);
  if (!durable) return durable;
  Transaction transaction(db_, Transaction::Kind::kWrite);
  if (!transaction.begun()) return transaction.begun();
  for (const auto& job : jobs) {
    if (!run_one(*job)) return db_.error("transaction");
  }
  return transaction.commit();
}

bool Writer::run_one(Job& job) {
  const bool several = job.writes() == Job::Writes::kSeveral;
  if (several && !Query(db_, "SAVEPOINT job").run()) return false;
  const auto mark = log_.mark();
  if (!job.run() && !undo_one(job, mark)) return false;
  if (!db_.in_transaction()) return false;
  return !several || Query(db_, "RELEASE job").run().ok();
}

bool Writer::undo_one(const Job& job, const MessageLog::Mark& mark) {
  log_.undo(mark);
  // A full or failing disk makes SQLite roll back everything.
  if (!db_.in_transaction()) return false;
  return job.writes() != Job::Writes::kSeveral || Query(db_, "ROLLBACK TO job").run().ok();
}

void Writer::run_chores(bool idle) {
  if (gave_up() || chores_rest_) return;
  auto done = chores_.run(idle);
  if (!done && db_.disk_failed()) give_up(done.error());
  if (gave_up()) return;
  if (done.ok() == chores_failing_) {
    std::lock_guard lock(mutex_);
    not_merged_ = done ? std::string() : done.error().detail();
  }
  note(done, "merge", chores_failing_);
}

void Writer::probe() {
  const auto now = std::chrono::steady_clock::now();
  if (gave_up() || now < probed_ + kBetweenProbes) return;
  probed_ = now;
  auto durable = db_.set_durable(limits_.durable);
  Transaction transaction(db_, Transaction::Kind::kWrite);
  Status tried = !durable ? durable : transaction.begun();
  // As much as a batch of small messages takes.
  if (tried)
    tried = Query(db_, "INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', zeroblob(65536))")
                .run();
  if (tried) tried = Query(db_, "DELETE FROM meta WHERE key = 'probe'").run();
  if (tried) tried = transaction.commit();
  if (!tried && db_.disk_failed()) give_up(tried.error());
  note_batch(tried);
}

std::string Writer::trouble() const {
  std::lock_guard lock(mutex_);
  if (gave_up_.load(std::memory_order_relaxed)) return why_.detail();
  if (!refused_.empty()) return refused_;
  return not_merged_.empty() ? slow() : not_merged_;
}

std::size_t Writer::waiting() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

std::string Writer::slow() const {
  const auto since = writing_since_.load();
  const auto waited = steady_now() - std::chrono::milliseconds(since);
  if (since == 0 || waited < kSlow) return {};
  return "a commit waits for the disk since " + std::to_string(waited.count() / 1000) + " s";
}

void Writer::note_speed() {
  const auto took = steady_now() - std::chrono::milliseconds(writing_since_.exchange(0));
  if (took >= kSlow) logger_.warn("storage_slow", {{"ms", took.count()}});
}

void Writer::note_batch(const Status& outcome) {
  if (gave_up()) return;
  if (outcome.ok() == batch_failing_) {
    std::lock_guard lock(mutex_);
    refused_ = outcome ? std::string() : outcome.error().detail();
  }
  note(outcome, "commit", batch_failing_);
}

void Writer::note(const Status& outcome, const char* doing, bool& failing) {
  if (outcome.ok() != failing) return;
  failing = !outcome.ok();
  if (failing) {
    logger_.error("storage_failed", {{"doing", doing}, {"error", outcome.error().detail()}});
  } else {
    logger_.info("storage_recovered", {{"doing", doing}});
  }
}

}  // namespace linnet::store
