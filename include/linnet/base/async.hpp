// From callbacks to coroutines: wait_for() suspends until a completion is called, on whatever
// thread, and resumes on the coroutine's own executor. The executor's context must live until that
// call has returned: join whoever completes before the context goes.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/error.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace linnet {

// What a function that waits returns: the caller awaits it on its own executor.
template <class T>
using Async = boost::asio::awaitable<Result<T>>;

// `start` is called with a Done<T>. Name `start` before the call if it captures by value something
// that is not trivial (GCC 12 destroys such a temporary twice); captures by reference are safe.
template <class T, class Start>
Async<T> wait_for(Start start) {
  auto token = boost::asio::use_awaitable;
  co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                                 void(Result<T>)>(
      [&start](auto handler) {
        auto executor = boost::asio::get_associated_executor(handler);
        auto work = boost::asio::make_work_guard(executor);
        Done<T> done = [handler = std::move(handler), executor,
                        work = std::move(work)](Result<T> result) mutable {
          boost::asio::post(executor,
                            [handler = std::move(handler), result = std::move(result)]() mutable {
                              std::move(handler)(std::move(result));
                            });
          work.reset();
        };
        start(std::move(done));
      },
      token);
}

}  // namespace linnet
