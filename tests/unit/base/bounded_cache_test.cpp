// The bounded cache: limited, and never older than the last invalidation.
#include "linnet/base/bounded_cache.hpp"

#include "linnet/base/ids.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace linnet;

TEST_CASE("what was put is got, and replaced by what is put later") {
  BoundedCache<UserId, std::string> cache(10);
  CHECK_FALSE(cache.get(UserId(1)));
  cache.put(UserId(1), "one", cache.version());
  CHECK(cache.get(UserId(1)) == "one");
  cache.put(UserId(1), "uno", cache.version());
  CHECK(cache.get(UserId(1)) == "uno");
}

TEST_CASE("what was read before an invalidation is not kept after it") {
  BoundedCache<UserId, std::string> cache(10);
  auto before = cache.version();
  // Meanwhile another thread changes the user and invalidates.
  cache.erase(UserId(1));
  cache.put(UserId(1), "old", before);
  CHECK_FALSE(cache.get(UserId(1)));

  cache.put(UserId(1), "new", cache.version());
  CHECK(cache.get(UserId(1)) == "new");
  cache.erase(UserId(1));
  CHECK_FALSE(cache.get(UserId(1)));
}

TEST_CASE("an invalidation leaves the other keys") {
  BoundedCache<UserId, int> cache(10);
  cache.put(UserId(1), 1, cache.version());
  cache.put(UserId(2), 2, cache.version());
  cache.erase(UserId(1));
  CHECK_FALSE(cache.get(UserId(1)));
  CHECK(cache.get(UserId(2)) == 2);
}

TEST_CASE("a cache never holds more than its capacity, and always the newest") {
  for (std::size_t capacity : {1U, 2U, 3U, 8U}) {
    BoundedCache<UserId, std::int64_t> cache(capacity);
    for (std::int64_t i = 1; i <= 50; ++i) {
      cache.put(UserId(i), i, cache.version());
      CAPTURE(capacity, i);
      CHECK(cache.get(UserId(i)) == i);
      std::size_t held = 0;
      for (std::int64_t j = 1; j <= i; ++j)
        held += cache.get(UserId(j)) ? 1 : 0;
      CHECK(held <= capacity);
    }
  }
}
