// A call of the store, waited for.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/error.hpp"
#include "linnet/base/log.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <utility>

namespace linnet::test {

template <class T, class Start>
Result<T> await(Start start) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  Done<T> done = [promise](Result<T> result) { promise->set_value(std::move(result)); };
  start(std::move(done));
  if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready)
    throw std::runtime_error("the store did not complete");
  return future.get();
}

inline Logger& silent() {
  static Logger logger(LogLevel::kOff);
  return logger;
}

}  // namespace linnet::test
