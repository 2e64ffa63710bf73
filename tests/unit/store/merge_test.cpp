// The tail that a merge empties, and the runs that it writes.
#include "inbox_index.hpp"
#include "migrate.hpp"
#include "tail.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <vector>

using namespace linnet;
using namespace linnet::store;

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

namespace {

struct Index {
  TempDir dir;
  std::unique_ptr<Connection> db;
  Index() {
    auto opened = Connection::open(dir.path() / "linnet.db", Connection::Mode::kWrite);
    db = std::move(*opened);
    REQUIRE(migrate(*db));
  }
  // Places `first` to `last`, of messages that lie ever further apart.
  static std::vector<Place> places(std::int64_t first, std::int64_t last) {
    std::vector<Place> made;
    for (auto seq = first; seq <= last; ++seq)
      made.push_back({Seq(seq), MessageId(seq * seq * 1000)});
    return made;
  }
  void insert(std::int64_t first, std::int64_t last) {
    REQUIRE(insert_run(*db, kInbox, places(first, last)));
  }
  std::vector<std::int64_t> read(std::int64_t from, std::int64_t end, std::size_t limit = 1000) {
    std::vector<Place> found;
    REQUIRE(read_runs(*db, kInbox, Seq(from), Seq(end), limit, found));
    std::vector<std::int64_t> seqs;
    for (const auto& place : found) {
      CHECK(place.message.value() == place.seq.value() * place.seq.value() * 1000);
      seqs.push_back(place.seq.value());
    }
    return seqs;
  }
  static constexpr InboxId kInbox{7};
};

using Seqs = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("an inbox is read from any place of its runs to any other") {
  Index index;
  CHECK(*index_head(*index.db, Index::kInbox) == Seq());
  CHECK(index.read(1, 100).empty());
  index.insert(1, 3);
  index.insert(4, 4);
  index.insert(5, 4 + kRunEntries);
  REQUIRE(insert_run(*index.db, InboxId(8), Index::places(1, 9)));

  CHECK(*index_head(*index.db, Index::kInbox) == Seq(4 + kRunEntries));
  CHECK(index.read(1, 7) == Seqs{1, 2, 3, 4, 5, 6});
  CHECK(index.read(2, 100, 4) == Seqs{2, 3, 4, 5});
  CHECK(index.read(6, 8) == Seqs{6, 7});
  CHECK(index.read(131, INT64_MAX) == Seqs{131, 132});
  CHECK(index.read(133, INT64_MAX).empty());
}

TEST_CASE("a run that is written again after a crash may be longer") {
  Index index;
  index.insert(1, 2);
  index.insert(3, 4);

  index.insert(3, 6);

  CHECK(index.read(1, 100) == Seqs{1, 2, 3, 4, 5, 6});
}

TEST_CASE("a damaged run is an error") {
  Index index;
  index.insert(1, 4);
  const auto* change = GENERATE("entries = 3", "entries = 5", "entries = 0", "entries = -1",
                                "more = x'8080'", "more = x''", "more = x'000000'",
                                "more = x'01ffffffffffffffff7f01'", "seq = 9223372036854775806");
  REQUIRE(index.db->exec((std::string("UPDATE inbox SET ") + change).c_str()));

  std::vector<Place> found;
  CHECK(read_runs(*index.db, Index::kInbox, Seq(1), Seq(INT64_MAX), 1000, found).code() ==
        ErrCode::kStorage);
}
