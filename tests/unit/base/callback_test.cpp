// Callback: holds what can only be moved, and frees it.
#include "linnet/base/callback.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

using namespace linnet;

TEST_CASE("a callback holds what can only be moved") {
  auto owned = std::make_unique<int>(41);
  Callback<int(int)> add = [owned = std::move(owned)](int n) { return *owned + n; };
  CHECK(add);
  CHECK(add(1) == 42);

  Callback<int(int)> moved = std::move(add);
  CHECK(moved(2) == 43);
}

TEST_CASE("an empty callback says so") {
  Callback<void()> empty;
  Callback<void()> null = nullptr;
  CHECK_FALSE(empty);
  CHECK_FALSE(null);
}

TEST_CASE("what a callback owns lives as long as it, called or not") {
  auto alive = std::make_shared<int>(0);
  {
    Callback<void()> never_called = [alive] {};
    CHECK(alive.use_count() == 2);
  }
  CHECK(alive.use_count() == 1);

  Callback<void()> first = [alive] { ++*alive; };
  first();
  first = nullptr;
  CHECK(alive.use_count() == 1);
  CHECK(*alive == 1);
}

TEST_CASE("arguments that can only be moved reach the body") {
  Callback<std::string(std::unique_ptr<std::string>)> take = [](std::unique_ptr<std::string> text) {
    return *text;
  };
  CHECK(take(std::make_unique<std::string>("hi")) == "hi");

  int code = -1;
  Done<int> done = [&code](Result<int> result) { code = result.ok() ? *result : 0; };
  done(Error(ErrCode::kTimeout));
  CHECK(code == 0);
}

TEST_CASE("a body may change its own state between calls") {
  Callback<int()> count = [n = 0]() mutable { return ++n; };
  CHECK(count() == 1);
  CHECK(count() == 2);
}
