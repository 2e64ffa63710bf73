// Runs coroutines on contexts of their own; a hang is a failure, not a stuck test.
#pragma once

#include "linnet/base/async.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

namespace linnet::test {

// A coroutine that has run as far as it could, and goes on only when it is told to, as on a shard
// that is busy.
template <class T>
class Begun {
 public:
  explicit Begun(Async<T> task) {
    auto finished = [this](std::exception_ptr thrown, Result<T> value) {
      if (thrown) std::rethrow_exception(thrown);
      result_ = std::move(value);
      done_ = true;
    };
    boost::asio::co_spawn(context_, std::move(task), finished);
    go();
  }
  Begun(const Begun&) = delete;
  Begun& operator=(const Begun&) = delete;

  // As far as it gets.
  void go() {
    context_.restart();
    context_.poll();
  }
  bool done() const { return done_; }
  const Result<T>& result() const { return result_; }
  // Once.
  Result<T> end(std::chrono::seconds limit = std::chrono::seconds(20)) {
    context_.restart();
    context_.run_for(limit);
    if (!done_) throw std::runtime_error("a coroutine did not end");
    return std::move(result_);
  }

 private:
  boost::asio::io_context context_{1};
  bool done_ = false;
  Result<T> result_;
};

template <class T>
Result<T> run(Async<T> task, std::chrono::seconds limit = std::chrono::seconds(20)) {
  return Begun<T>(std::move(task)).end(limit);
}

}  // namespace linnet::test
