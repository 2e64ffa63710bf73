// A shard runs what is posted to it, on its own thread and in the order of the posts.
#include "linnet/base/shard.hpp"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

using namespace linnet;
using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 10s;

// Everything posted before this call has run when it returns.
void settle(Shard& shard) {
  auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  shard.post([done] { done->set_value(); });
  REQUIRE(future.wait_for(kPatience) == std::future_status::ready);
}

}  // namespace

TEST_CASE("tasks run on the shard's thread, in the order of their posts") {
  std::vector<int> order;
  std::thread::id thread;
  Shard shard(3);
  CHECK(shard.index() == 3);
  for (int i = 0; i < 100; ++i)
    shard.post([&order, i] { order.push_back(i); });
  shard.start();
  for (int i = 100; i < 1000; ++i)
    shard.post([&order, &thread, i] {
      order.push_back(i);
      thread = std::this_thread::get_id();
    });
  settle(shard);
  CHECK(thread != std::this_thread::get_id());
  REQUIRE(order.size() == 1000);
  for (int i = 0; i < 1000; ++i)
    CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("posts of several threads keep each thread's order, and none is lost") {
  constexpr int kThreads = 4;
  constexpr int kPosts = 5000;
  std::vector<std::pair<int, int>> seen;
  Shard shard(0);  // after what its tasks refer to, so that it joins first
  shard.start();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&shard, &seen, t] {
      for (int i = 0; i < kPosts; ++i)
        shard.post([&seen, t, i] { seen.emplace_back(t, i); });
    });
  }
  for (auto& thread : threads)
    thread.join();
  settle(shard);
  REQUIRE(seen.size() == std::size_t{kThreads} * kPosts);
  std::vector<int> next(kThreads, 0);
  int wrong = 0;
  for (auto [thread, i] : seen)
    wrong += next[static_cast<std::size_t>(thread)]++ == i ? 0 : 1;
  CHECK(wrong == 0);
}

TEST_CASE("a task posted by a task runs after those that were there") {
  std::vector<int> order;
  std::promise<void> done;
  Shard shard(0);
  shard.post([&] {
    order.push_back(1);
    shard.post([&] {
      order.push_back(3);
      done.set_value();
    });
  });
  shard.post([&] { order.push_back(2); });
  shard.start();
  REQUIRE(done.get_future().wait_for(kPatience) == std::future_status::ready);
  CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("the end of a turn comes after the handlers that are ready") {
  std::vector<int> order;
  std::promise<void> done;
  Shard shard(0);
  shard.post([&] {
    shard.at_turn_end([&] {
      order.push_back(3);
      done.set_value();
    });
    order.push_back(1);
  });
  shard.post([&] { order.push_back(2); });
  shard.start();
  REQUIRE(done.get_future().wait_for(kPatience) == std::future_status::ready);
  CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("a stopped shard has joined, and what it did not run is freed") {
  auto alive = std::make_shared<int>(0);
  {
    Shard shard(0);
    shard.start();
    settle(shard);
    shard.stop();
    shard.post([alive] { ++*alive; });
    shard.stop();  // a second time does no harm
  }
  CHECK(*alive == 0);
  CHECK(alive.use_count() == 1);
}

TEST_CASE("a shard that was never started is freed with its tasks") {
  auto alive = std::make_shared<int>(0);
  {
    Shard shard(0);
    shard.post([alive] { ++*alive; });
  }
  CHECK(*alive == 0);
  CHECK(alive.use_count() == 1);
}
