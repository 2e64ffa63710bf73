// Runs a coroutine to its end on a context of its own; a hang is a failure, not a stuck test.
#pragma once

#include "linnet/base/async.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

namespace linnet::test {

template <class T>
Result<T> run(Async<T> task, std::chrono::seconds limit = std::chrono::seconds(20)) {
  boost::asio::io_context context(1);
  bool done = false;
  Result<T> result;
  auto finished = [&](std::exception_ptr thrown, Result<T> value) {
    if (thrown) std::rethrow_exception(thrown);
    result = std::move(value);
    done = true;
  };
  boost::asio::co_spawn(context, std::move(task), finished);
  context.run_for(limit);
  if (!done) throw std::runtime_error("a coroutine did not end");
  return result;
}

}  // namespace linnet::test
