// Threads that ask for short turns get them where the kernel knows of it, and nothing else changes.
#include "linnet/base/turns.hpp"

#include "scheduling.hpp"

#include <catch2/catch.hpp>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>

using namespace linnet;

namespace {

// Of a thread that first does `before` and then asks.
template <class Before>
std::pair<Scheduling, Scheduling> asked(Before before) {
  std::pair<Scheduling, Scheduling> seen;
  bool good = false;
  std::thread([&] {
    good = before() && get_scheduling(seen.first);
    ask_for_short_turns();
    good = good && get_scheduling(seen.second);
  }).join();
  REQUIRE(good);
  return seen;
}

}  // namespace

TEST_CASE("a thread that asks for short turns has them, and keeps its priority") {
  const auto [before, after] =
      asked([] { return setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 5) == 0; });
  CHECK(after.policy == before.policy);
  CHECK(before.nice == 5);
  CHECK(after.nice == 5);
  // Linux before 6.12 tells of no turns, and has none to give.
  if (before.runtime_ns > 0) CHECK(after.runtime_ns == 100'000);
}

TEST_CASE("a thread to which the operator gave another policy stays as it is") {
  const auto [before, after] = asked([] {
    const sched_param none{};
    return pthread_setschedparam(pthread_self(), SCHED_BATCH, &none) == 0;
  });
  CHECK(before.policy == SCHED_BATCH);
  CHECK(after.policy == SCHED_BATCH);
  CHECK(after.runtime_ns == before.runtime_ns);
}
