// wait_for(): from a completion on any thread back to the coroutine's own executor.
#include "linnet/base/async.hpp"

#include "linnet/base/shard.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <string>
#include <thread>

using namespace linnet;
namespace asio = boost::asio;

namespace {

constexpr auto kDeadline = std::chrono::seconds(10);

struct Seen {
  Result<std::string> result;
  std::thread::id before;
  std::thread::id after;
};

using Start = std::function<void(Done<std::string>)>;

asio::awaitable<void> observe(const Start& start, Seen& seen) {
  seen.before = std::this_thread::get_id();
  auto body = [&start](Done<std::string> done) { start(std::move(done)); };
  seen.result = co_await wait_for<std::string>(body);
  seen.after = std::this_thread::get_id();
}

// Runs one wait on a shard; `start` is called on the shard, `completer` is joined before the shard
// goes, as whoever completes must be.
Seen run(const Start& start, std::thread* completer = nullptr) {
  Seen seen;
  std::promise<void> done;
  auto on_end = [&done](std::exception_ptr error) {
    if (error) {
      done.set_exception(error);
    } else {
      done.set_value();
    }
  };
  Shard shard(0);
  shard.start();
  asio::co_spawn(shard.context(), observe(start, seen), on_end);
  auto future = done.get_future();
  auto status = future.wait_for(kDeadline);
  if (completer != nullptr && completer->joinable()) completer->join();
  shard.stop();
  REQUIRE(status == std::future_status::ready);
  future.get();
  return seen;
}

}  // namespace

TEST_CASE("a completion on another thread resumes the coroutine on its own") {
  std::thread other;
  std::thread::id completed_on;
  auto start = [&](Done<std::string> done) {
    other = std::thread([&completed_on, done = std::move(done)]() mutable {
      completed_on = std::this_thread::get_id();
      done(std::string("value"));
    });
  };
  Seen seen = run(start, &other);
  REQUIRE(seen.result.ok());
  CHECK(*seen.result == "value");
  CHECK(seen.before == seen.after);
  CHECK(completed_on != seen.after);
}

TEST_CASE("a completion within the start resumes after it, not inside it") {
  bool start_returned = false;
  bool returned_before_resuming = false;
  asio::io_context context;
  auto body = [](bool& returned, bool& result) -> asio::awaitable<void> {
    auto start = [&returned](Done<int> done) {
      done(5);
      returned = true;
    };
    auto five = co_await wait_for<int>(start);
    result = returned && five.ok() && *five == 5;
  };
  auto on_end = [](std::exception_ptr error) { CHECK_FALSE(error); };
  asio::co_spawn(context, body(start_returned, returned_before_resuming), on_end);
  context.run();
  CHECK(returned_before_resuming);
}

TEST_CASE("an error comes through as it was given") {
  Seen seen = run([](Done<std::string> done) { done(Error(ErrCode::kServerBusy, "full")); });
  REQUIRE_FALSE(seen.result.ok());
  CHECK(seen.result.code() == ErrCode::kServerBusy);
  CHECK(seen.result.error().message() == "full");
}

TEST_CASE("a waiting coroutine keeps its context running until the completion comes") {
  asio::io_context context;
  Done<int> kept;
  int got = 0;
  auto body = [](Done<int>& keep, int& result) -> asio::awaitable<void> {
    auto start = [&keep](Done<int> done) { keep = std::move(done); };
    auto value = co_await wait_for<int>(start);
    result = value.ok() ? *value : -1;
  };
  auto on_end = [](std::exception_ptr error) { CHECK_FALSE(error); };
  asio::co_spawn(context, body(kept, got), on_end);
  context.poll();
  REQUIRE(kept);
  CHECK_FALSE(context.stopped());

  kept(7);
  kept = nullptr;
  context.run();
  CHECK(got == 7);
}
