// The numbers of the domain: distinct types, ordered, hashed well.
#include "linnet/base/ids.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <type_traits>
#include <unordered_set>

using namespace linnet;

TEST_CASE("numbers of different kinds do not mix") {
  STATIC_REQUIRE_FALSE(std::is_convertible_v<UserId, DeviceId>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<UserId, DeviceId>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::int64_t, UserId>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<UserId, std::int64_t>);
  STATIC_REQUIRE(sizeof(UserId) == sizeof(std::int64_t));
}

TEST_CASE("numbers are ordered, and zero is none") {
  CHECK(Seq(1) < Seq(2));
  CHECK(Seq(2).next() == Seq(3));
  CHECK(Seq(7).value() == 7);
  CHECK_FALSE(Seq());
  CHECK(Seq(1));
  CHECK(Seq() == Seq(0));
}

TEST_CASE("sequential ids spread over the buckets of a hash table") {
  std::set<std::size_t> low_bits;
  for (std::int64_t i = 0; i < 4096; ++i)
    low_bits.insert(std::hash<UserId>{}(UserId(i * 4096)) % 4096);
  CHECK(low_bits.size() > 2000);  // thrown at random it would be 2,589

  std::unordered_set<UserId> users;
  for (std::int64_t i = 0; i < 1000; ++i)
    users.insert(UserId(i % 100));
  CHECK(users.size() == 100);
}
