// Memory for bodies over HTTP: who holds the most goes first.
#include "http/held_bytes.hpp"

#include <catch2/catch.hpp>

using linnet::gateway::HeldBytes;

namespace {

constexpr std::size_t kUnit = 2 * HeldBytes::kFree;

}  // namespace

TEST_CASE(
    "who holds the most has to let go for the next, and that is whoever came last of equals") {
  HeldBytes held(10 * kUnit);
  HeldBytes::Holder large;
  HeldBytes::Holder small;
  HeldBytes::Holder next;
  CHECK(held.hold(large, 6 * kUnit) == nullptr);
  CHECK(held.hold(small, 2 * kUnit) == nullptr);
  CHECK(held.hold(next, 3 * kUnit) == &large);
  held.release(large);
  CHECK(held.hold(next, 3 * kUnit) == nullptr);
  CHECK(held.all() == 5 * kUnit);
  CHECK(held.hold(large, 6 * kUnit) == &large);
  held.release(large);
  CHECK(held.hold(large, 3 * kUnit) == nullptr);
  HeldBytes::Holder equal;
  CHECK(held.hold(equal, 3 * kUnit) == &equal);
  for (auto* one : {&large, &small, &next, &equal})
    held.release(*one);
  CHECK(held.all() == 0);
}

TEST_CASE("what the usual call takes is not counted, and one holder counts once") {
  HeldBytes held(kUnit);
  HeldBytes::Holder holder;
  CHECK(held.hold(holder, HeldBytes::kFree) == nullptr);
  CHECK(held.all() == 0);
  CHECK(held.hold(holder, kUnit) == nullptr);
  CHECK(held.hold(holder, kUnit) == nullptr);
  CHECK(held.all() == kUnit);
  CHECK(held.hold(holder, 1) == nullptr);
  CHECK(held.all() == 0);

  HeldBytes without_limit(0);
  HeldBytes::Holder any;
  CHECK(without_limit.hold(any, 1'000'000'000) == nullptr);
  without_limit.release(any);
}
