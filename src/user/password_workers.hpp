// Hashing passwords takes long on purpose: it is done by threads of its own, and who comes when too
// many wait is told to come again.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/error.hpp"
#include "linnet/user/accounts.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace linnet::user {

// Thread: any; `done` runs on a worker's or, when refused at once, on the caller's.
// Errors of both: kServerBusy (the queue is full), kShuttingDown.
class PasswordWorkers {
 public:
  PasswordWorkers(std::size_t threads, std::size_t queue, PasswordCost cost);
  ~PasswordWorkers();

  // What is stored of a password: argon2id with a salt of its own.
  void hash(std::string password, Done<std::string> done);
  // Whether `password` is the one of which `stored` was made. Nobody's (empty) takes as long and
  // never is. Error: kBadPassword.
  void verify(std::string stored, std::string password, Done<Unit> done);
  // Ends what waits and joins. Thread: the owner's.
  void close();

 private:
  // Called with false when it is not to be carried out any more.
  using Job = Callback<void(bool)>;
  // Why `job` was refused, and that it was.
  ErrCode enqueue(Job& job);
  void work();

  const std::size_t queue_;
  const PasswordCost cost_;
  const std::string decoy_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace linnet::user
