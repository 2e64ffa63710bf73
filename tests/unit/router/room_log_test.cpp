// The log of a room: whoever reads it, however slowly, sees a part of what was said, in order, and
// knows how much is missing.
#include "room_log.hpp"

#include "pb/conn.ext.pb.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <random>
#include <vector>

using namespace linnet;
using namespace linnet::router;

namespace {

constexpr std::size_t kChatter = 0;
constexpr std::size_t kSystem = 2;

wire::SharedFramePtr frame(std::size_t bytes = 10) {
  pb::Output packet;
  packet.set_data(std::string(bytes, 'x'));
  return std::make_shared<const wire::SharedFrame>(packet);
}

struct Reader {
  explicit Reader(Seq from = Seq()) : cursor(from) {}
  Seq cursor;
  std::vector<std::int64_t> seen;
  std::uint64_t dropped = 0;

  // At most `most` messages; false when there was nothing more.
  bool read(const RoomLog& log, std::size_t most) {
    for (; most > 0; --most) {
      if (log.next(cursor, dropped) == nullptr) return false;
      seen.push_back(cursor.value());
    }
    return true;
  }
};

// The logs that count together.
std::atomic<std::size_t> in_all{0};

}  // namespace

TEST_CASE("a member is handed what came after its cursor, once and in order") {
  RoomLog log({1000000, 100}, in_all);
  Reader early{Seq(40)};
  Reader late{Seq(42)};
  for (std::int64_t seq = 41; seq <= 44; ++seq)
    log.append(Seq(seq), kChatter, frame());
  CHECK_FALSE(early.read(log, 100));
  CHECK_FALSE(late.read(log, 100));
  CHECK_FALSE(early.read(log, 100));

  CHECK(early.seen == std::vector<std::int64_t>{41, 42, 43, 44});
  CHECK(late.seen == std::vector<std::int64_t>{43, 44});
  CHECK(early.dropped + late.dropped == 0);
}

TEST_CASE("what everybody has is forgotten, and nobody counts it as dropped") {
  RoomLog log({1000000, 100}, in_all);
  Reader slow{Seq(1)};
  for (std::int64_t seq = 1; seq <= 10; ++seq)
    log.append(Seq(seq), kChatter, frame());
  log.forget(Seq(1));
  CHECK(log.entries() == 9);
  slow.read(log, 100);
  CHECK(slow.seen.size() == 9);
  CHECK(slow.dropped == 0);
  log.forget(Seq(10));
  CHECK(log.entries() == 0);
  CHECK(log.bytes() == 0);
}

TEST_CASE("chatter is evicted before the system's messages, and of it the oldest first") {
  RoomLog log({1000000, 3}, in_all);
  const std::vector<std::size_t> priorities{kSystem, kChatter, kChatter, kSystem, kChatter};
  for (std::size_t i = 0; i < priorities.size(); ++i)
    log.append(Seq(static_cast<std::int64_t>(i) + 1), priorities[i], frame());
  log.trim();
  Reader slow;
  slow.read(log, 100);
  CHECK(slow.seen == std::vector<std::int64_t>{1, 4, 5});
  CHECK(slow.dropped == 2);

  // Full of what is higher, new chatter finds no place at all.
  log.append(Seq(6), kSystem, frame());
  log.append(Seq(7), kChatter, frame());
  log.trim();
  Reader slower;
  slower.read(log, 100);
  CHECK(slower.seen == std::vector<std::int64_t>{1, 4, 6});
  CHECK(slower.dropped == 4);
  CHECK(slower.cursor == Seq(7));
}

TEST_CASE("bytes count as entries do, and a log twice as long is overdue") {
  RoomLog log({100, 1000}, in_all);
  log.append(Seq(1), kChatter, frame(90));
  CHECK_FALSE(log.overdue());
  log.append(Seq(2), kChatter, frame(90));
  log.append(Seq(3), kChatter, frame(90));
  CHECK(log.overdue());
  log.trim();
  CHECK(log.entries() == 1);
  CHECK(log.bytes() <= 100);
}

TEST_CASE("logs that are too much together keep nothing for the slow, until there is room again") {
  std::atomic<std::size_t> together{0};
  const RoomLog::Limits limits{1000, 100, 500};
  RoomLog quiet(limits, together);
  Reader slow;
  {
    RoomLog loud(limits, together);
    quiet.append(Seq(1), kChatter, frame(200));
    for (std::int64_t seq = 1; seq <= 4; ++seq)
      loud.append(Seq(seq), seq == 2 ? kSystem : kChatter, frame(200));
    CHECK(together == quiet.bytes() + loud.bytes());
    CHECK(loud.trim() == 3);
    CHECK(together <= 500);
    CHECK(quiet.entries() == 1);  // nothing has been said in it since
    CHECK_FALSE(slow.read(loud, 100));
    CHECK(slow.seen == std::vector<std::int64_t>{2});  // chatter goes first
    CHECK(slow.dropped == 3);
  }
  CHECK(together == quiet.bytes());
  for (std::int64_t seq = 2; seq <= 3; ++seq)
    quiet.append(Seq(seq), kChatter, frame(10));
  CHECK(quiet.trim() == 0);
  CHECK(quiet.entries() == 3);
}

TEST_CASE("whatever is said and however members read: a part, in order, every gap counted") {
  const auto seed = GENERATE(range(1U, 60U));
  std::mt19937 random(seed);
  auto dice = [&](std::size_t sides) { return static_cast<std::size_t>(random() % sides); };
  const std::size_t limit = 1 + dice(20);
  RoomLog log({limit * 20, limit}, in_all);
  std::vector<Reader> readers(5);
  std::vector<Seq> starts(5);
  std::int64_t newest = 0;

  for (int step = 0; step < 600; ++step) {
    switch (dice(6)) {
      case 0:
      case 1: log.append(Seq(++newest), dice(3), frame(dice(30))); break;
      case 2: {  // one leaves, another comes in its place
        const std::size_t who = dice(readers.size());
        readers[who] = Reader{Seq(newest)};
        starts[who] = Seq(newest);
        break;
      }
      case 3: readers[dice(readers.size())].read(log, 1 + dice(5)); break;
      case 4: {
        auto least = readers[0].cursor;
        for (const auto& reader : readers)
          least = std::min(least, reader.cursor);
        log.forget(least);
        break;
      }
      case 5: {
        log.trim();
        CHECK(log.entries() <= limit);
        CHECK(log.bytes() <= limit * 20);
        break;
      }
      default: break;
    }
  }
  for (std::size_t i = 0; i < readers.size(); ++i) {
    auto& reader = readers[i];
    reader.read(log, 1000);
    CHECK(reader.cursor == Seq(newest));
    CHECK(std::is_sorted(reader.seen.begin(), reader.seen.end()));
    CHECK(std::adjacent_find(reader.seen.begin(), reader.seen.end()) == reader.seen.end());
    const auto due = static_cast<std::uint64_t>(newest - starts[i].value());
    CHECK(reader.seen.size() + reader.dropped == due);
  }
}

TEST_CASE("a member that reads nothing for long misses chatter only, while there is any") {
  const auto seed = GENERATE(range(1U, 20U));
  std::mt19937 random(seed);
  RoomLog log({1000000, 50}, in_all);
  std::vector<std::int64_t> system;
  for (std::int64_t seq = 1; seq <= 1000; ++seq) {
    const bool is_system = random() % 25 == 0;  // about 40, fewer than the log holds
    if (is_system && system.size() < 50) system.push_back(seq);
    const bool counted = !system.empty() && system.back() == seq;
    log.append(Seq(seq), counted ? kSystem : kChatter, frame());
    if (seq % 7 == 0) log.trim();
  }
  log.trim();
  Reader sleeper;
  sleeper.read(log, 10000);
  for (auto seq : system)
    CHECK(std::binary_search(sleeper.seen.begin(), sleeper.seen.end(), seq));
  CHECK(sleeper.seen.size() + sleeper.dropped == 1000);
}
