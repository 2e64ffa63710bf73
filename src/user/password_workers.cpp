#include "password_workers.hpp"

#include <sodium.h>

#include <array>
#include <memory>
#include <utility>

namespace linnet::user {
namespace {

// Empty when there is no memory for it.
std::string hash_now(std::string& password, const PasswordCost& cost) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  const int failed = crypto_pwhash_str_alg(text.data(), password.data(), password.size(),
                                           cost.passes, cost.bytes, crypto_pwhash_ALG_ARGON2ID13);
  sodium_memzero(password.data(), password.size());
  return failed != 0 ? std::string() : std::string(text.data());
}

std::string make_decoy(const PasswordCost& cost) {
  std::string nobodys = "of nobody";
  return hash_now(nobodys, cost);
}

}  // namespace

PasswordWorkers::PasswordWorkers(std::size_t threads, std::size_t queue, PasswordCost cost)
    : queue_(queue), cost_(cost), decoy_(make_decoy(cost)) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this] { work(); });
}

PasswordWorkers::~PasswordWorkers() {
  close();
}

void PasswordWorkers::hash(std::string password, Done<std::string> done) {
  auto shared = std::make_shared<Done<std::string>>(std::move(done));
  Job job = [this, shared, password = std::move(password)](bool go) mutable {
    if (!go) return (*shared)(Error(ErrCode::kShuttingDown));
    auto text = hash_now(password, cost_);
    if (text.empty()) return (*shared)(Error(ErrCode::kServerBusy, {}, "no memory for argon2id"));
    (*shared)(std::move(text));
  };
  auto refused = enqueue(job);
  if (refused != ErrCode::kSuccess) (*shared)(Error(refused));
}

void PasswordWorkers::verify(std::string stored, std::string password, Done<Unit> done) {
  auto shared = std::make_shared<Done<Unit>>(std::move(done));
  Job job = [this, shared, stored = std::move(stored),
             password = std::move(password)](bool go) mutable {
    if (!go) return (*shared)(Error(ErrCode::kShuttingDown));
    const auto& against = stored.empty() ? decoy_ : stored;
    const int wrong = crypto_pwhash_str_verify(against.c_str(), password.data(), password.size());
    sodium_memzero(password.data(), password.size());
    if (wrong != 0 || stored.empty()) return (*shared)(Error(ErrCode::kBadPassword));
    (*shared)(success());
  };
  auto refused = enqueue(job);
  if (refused != ErrCode::kSuccess) (*shared)(Error(refused));
}

ErrCode PasswordWorkers::enqueue(Job& job) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return ErrCode::kShuttingDown;
    if (jobs_.size() >= queue_) return ErrCode::kServerBusy;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return ErrCode::kSuccess;
}

void PasswordWorkers::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
    if (closed_) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job(true);
    lock.lock();
  }
}

void PasswordWorkers::close() {
  std::deque<Job> waiting;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    waiting.swap(jobs_);
  }
  wake_.notify_all();
  for (auto& job : waiting)
    job(false);
  for (auto& thread : threads_)
    thread.join();
  threads_.clear();
}

}  // namespace linnet::user
