// Result and Error: a value or an error, never both, never lost.
#include "linnet/base/error.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <type_traits>

using namespace linnet;

namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error(ErrCode::kBadRequest, "not even", "detail");
  return number / 2;
}

}  // namespace

TEST_CASE("a result is a value or an error") {
  auto good = half(4);
  REQUIRE(good.ok());
  CHECK(good);
  CHECK(*good == 2);
  CHECK(good.code() == ErrCode::kSuccess);

  auto bad = half(3);
  REQUIRE_FALSE(bad.ok());
  CHECK_FALSE(bad);
  CHECK(bad.code() == ErrCode::kBadRequest);
  CHECK(bad.error().message() == "not even");
  CHECK(bad.error().detail() == "detail");
  CHECK(std::string(bad.error().where().file_name()).find("result_test") != std::string::npos);
}

TEST_CASE("a default-made result is an error") {
  Result<int> nothing;
  CHECK_FALSE(nothing.ok());
  CHECK(nothing.code() == ErrCode::kServerUnknown);
}

TEST_CASE("asking an error for its value throws instead of inventing one") {
  auto bad = half(3);
  CHECK_THROWS_AS(bad.value(), std::bad_variant_access);
  auto good = half(2);
  CHECK_THROWS_AS(good.error(), std::bad_variant_access);
}

TEST_CASE("a value that can only be moved moves through a result") {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(5);
  REQUIRE(made.ok());
  std::unique_ptr<int> taken = *std::move(made);
  CHECK(*taken == 5);
}

TEST_CASE("an error can be taken and handed on") {
  auto bad = half(1);
  Result<std::string> other = bad.take_error();
  CHECK(other.error().message() == "not even");
  CHECK(success().ok());
}

TEST_CASE("a number that is no code of ours has no name, and still a sentence") {
  CHECK(name(ErrCode::kUnauthorized) == "EC_UNAUTHORIZED");
  CHECK(name(static_cast<ErrCode>(4242)) == "EC_UNKNOWN");
  CHECK_FALSE(default_message(static_cast<ErrCode>(4242)).empty());
}
