// The list of who follows what, against a plain set.
#include "followers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <set>

using namespace linnet;
using namespace linnet::router;

TEST_CASE("however slots come and go, each group knows its followers") {
  std::mt19937 random(7);
  Followers followers;
  std::set<std::pair<std::int64_t, std::size_t>> expected;
  auto any = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  for (int step = 0; step < 20'000; ++step) {
    const auto slot = static_cast<std::size_t>(any(30));
    const GroupId group(any(8) + 1);
    switch (any(20)) {
      case 0:
        followers.remove_all(slot);
        std::erase_if(expected, [&](const auto& pair) { return pair.second == slot; });
        break;
      case 1:
        followers.remove_group(group);
        std::erase_if(expected, [&](const auto& pair) { return pair.first == group.value(); });
        break;
      default:
        if (any(2) == 0) {
          followers.add(slot, group);
          expected.emplace(group.value(), slot);
        } else {
          followers.remove(slot, group);
          expected.erase({group.value(), slot});
        }
    }
    auto list = followers.of(group);
    std::sort(list.begin(), list.end());
    std::vector<std::size_t> wanted;
    for (const auto& [id, one] : expected)
      if (id == group.value()) wanted.push_back(one);
    REQUIRE(list == wanted);
  }
}
