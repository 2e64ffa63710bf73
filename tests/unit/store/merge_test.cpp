// The order in which a merge writes, and the tail that it empties.
#include "merge.hpp"

#include "tail.hpp"

#include <catch2/catch.hpp>

#include <functional>

using namespace linnet;
using namespace linnet::store;

TEST_CASE("a slice that is taken back is given again, in the same order") {
  Ordered<int, std::greater<>> ordered;
  ordered.assign({5, 3, 9, 1, 7, 3, 8});
  std::vector<int> first;
  auto pop = [&] {
    first.push_back(ordered.top());
    ordered.pop();
  };
  pop();
  pop();
  const auto left = ordered.left();
  pop();
  pop();
  pop();
  ordered.restore(left);

  std::vector<int> rest;
  for (; ordered.left() > 0; ordered.pop())
    rest.push_back(ordered.top());

  CHECK(first == std::vector<int>{1, 3, 3, 5, 7});
  CHECK(rest == std::vector<int>{3, 5, 7, 8, 9});
}

TEST_CASE("a reader sees frozen and active entries as one") {
  Tail tail;
  const InboxId inbox(1);
  const std::vector<Entry> older = {{inbox, Seq(5), MessageId(50)}, {inbox, Seq(6), MessageId(60)}};
  const std::vector<Entry> newer = {{inbox, Seq(7), MessageId(70)}};
  tail.add(older);
  tail.freeze();
  tail.add(newer);

  auto all = tail.read(inbox, Seq(2), 10);
  CHECK(all.first == Seq(5));
  CHECK(all.head == Seq(7));
  REQUIRE(all.places.size() == 3);
  CHECK(all.places[2].message == MessageId(70));
  CHECK(tail.read(inbox, Seq(5), 1).places.at(0).seq == Seq(6));
  CHECK(tail.read(inbox, Seq(7), 10).places.empty());
  CHECK(tail.read(InboxId(2), Seq(0), 10).head == Seq());
  CHECK(tail.size() == 3);

  tail.drop_frozen();
  CHECK(tail.read(inbox, Seq(2), 10).first == Seq(7));
  CHECK(tail.size() == 1);
}
