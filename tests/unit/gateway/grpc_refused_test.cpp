// The pace of refusals over gRPC, without gRPC.
#include "grpc/refused.hpp"
#include "support/false_clock.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace linnet;
using namespace linnet::gateway;
using namespace std::chrono_literals;

TEST_CASE("each connection over gRPC has a pace of its own, those of this machine have none") {
  test::FalseClock clock;
  Refusals refusals;
  RefusalPaces paces(clock, refusals, {{10, 2}, {0, 0}}, 100);
  for (int i = 0; i < 2; ++i)
    CHECK_FALSE(paces.refused("ipv4:192.0.2.1:1000", 5));
  CHECK(paces.refused("ipv4:192.0.2.1:1000", 5) == clock.steady() + 100ms);
  CHECK(paces.refused("ipv4:192.0.2.1:1000", 5) == clock.steady() + 200ms);
  CHECK_FALSE(paces.refused("ipv4:192.0.2.1:1001", 5));
  CHECK(refusals.of(Refusal::kRefused) == 2);

  for (int i = 0; i < 10; ++i)
    CHECK_FALSE(paces.refused("ipv6:%5B::1%5D:1000", 5));
  // Hundreds that come and go take no other's debt away.
  for (int i = 0; i < 500; ++i)
    CHECK_FALSE(paces.refused("ipv4:192.0.2.2:" + std::to_string(i), 5));
  CHECK(paces.refused("ipv4:192.0.2.1:1000", 5) == clock.steady() + 300ms);
}

TEST_CASE("a refusal that is held is answered when it is due, unless its caller has gone") {
  Shard shard(0);
  shard.start();
  SystemClock clock;
  HeldRefusals held(shard, clock);
  std::promise<void> first;
  std::promise<void> last;
  HeldRefusals::Entry later([&] { last.set_value(); });
  HeldRefusals::Entry sooner([&] { first.set_value(); });
  HeldRefusals::Entry gone([] { FAIL("nobody waits for it"); });
  HeldRefusals::Entry too_late([] { FAIL("it was not held"); });

  REQUIRE(held.hold(later, clock.steady() + 1h));
  REQUIRE(held.hold(gone, clock.steady() + 1h));
  REQUIRE(held.hold(sooner, clock.steady() + 1ms));
  CHECK(first.get_future().wait_for(10s) == std::future_status::ready);
  CHECK(held.abandon(gone));
  CHECK_FALSE(held.abandon(sooner));
  CHECK_FALSE(held.abandon(too_late));
  CHECK_FALSE(held.hold(too_late, clock.steady() + 1h));

  shard.post([&] { held.stop(); });
  CHECK(last.get_future().wait_for(10s) == std::future_status::ready);
  shard.stop();
  HeldRefusals::Entry after([] { FAIL("it was not held"); });
  CHECK_FALSE(held.hold(after, clock.steady()));
}
