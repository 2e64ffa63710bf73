// One unit of work for the writer, and what becomes of it.
#pragma once

#include "linnet/base/callback.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace linnet::store {

class Job {
 public:
  // kNothing: it reads, in its place among those that write; served also when they are refused.
  // kOne: at most one statement writes, which SQLite undoes by itself when it fails.
  // kSeveral: a savepoint around the job does (it copies every page that the job changes first).
  enum class Writes { kNothing, kOne, kSeveral };

  explicit Job(Writes writes) : writes_(writes) {}
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  virtual ~Job() = default;

  Writes writes() const { return writes_; }
  // Inside the transaction; false: this job failed. One that writes nothing runs once more,
  // outside, when the transaction has failed. Writer.
  virtual bool run() = 0;
  // The transaction failed, or the job never ran.
  virtual void fail(const Error& error) = 0;
  // Calls the waiter with what run() or fail() left.
  virtual void complete() = 0;

 private:
  Writes writes_;
};

template <class T, class Run>
class JobOf final : public Job {
 public:
  JobOf(Writes writes, Run run, Done<T> done)
      : Job(writes), run_(std::move(run)), done_(std::move(done)) {}
  bool run() override {
    result_ = run_();
    return result_.ok();
  }
  void fail(const Error& error) override { result_ = error; }
  void complete() override { done_(std::move(result_)); }

 private:
  Run run_;
  Done<T> done_;
  Result<T> result_;
};

template <class T, class Run>
std::unique_ptr<Job> make_job(Job::Writes writes, Run run, Done<T> done) {
  return std::make_unique<JobOf<T, Run>>(writes, std::move(run), std::move(done));
}

}  // namespace linnet::store
