// A database that ends before what was acknowledged is told from one that never said more.
#include "high_water_mark.hpp"

#include "store_kit.hpp"

#include "linnet/store/copies.hpp"
#include "linnet/store/keys.hpp"

#include <fstream>
#include <iterator>

using namespace linnet;
using namespace linnet::test;
using store::HighWaterMark;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLine = 128;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

void silence(std::int64_t, std::int64_t) {}

HighWaterMark open(const fs::path& directory, const std::string& epoch = "one") {
  return Calls::get(HighWaterMark::open(directory, epoch));
}

std::int64_t read(const fs::path& directory, const std::string& epoch = "one") {
  return HighWaterMark::read(directory, epoch).value();
}

// What a server leaves that is killed: messages of which most are in the write-ahead log alone.
struct Killed {
  explicit Killed(store::Synchronous synchronous = store::Synchronous::kFull) {
    store::Tuning tuning;
    tuning.checkpoint_every = std::chrono::hours(1);
    tuning.idle_before_merge = std::chrono::hours(1);
    store::SqliteOptions with;
    with.synchronous = synchronous;
    SqliteEngine engine(with, tuning);
    fs::create_directory(data);
    engine.calls().append(text(1, {1}, "first"));
    engine.reopen();
    fs::copy_file(engine.database(), old_copy);
    for (int i = 0; i < 20; ++i)
      engine.calls().append(text(1, {1}, std::to_string(i)));
    for (const char* name : {"linnet.db", "linnet.db-wal", "linnet.mark"})
      if (fs::exists(engine.options().directory / name))
        fs::copy_file(engine.options().directory / name, data / name);
    options.directory = data;
    options.synchronous = synchronous;
  }
  // Empty: it opens.
  std::string refusal() const {
    SystemClock clock;
    auto opened = store::open_sqlite(options, clock, silent());
    if (opened) return {};
    CHECK(opened.code() == ErrCode::kStorage);
    return opened.error().message();
  }
  std::size_t messages() const { return SqliteEngine(options, {}).calls().inbox(1).size(); }
  std::vector<std::string> problems() const {
    return Calls::get(store::check(data, silence)).problems;
  }

  TempDir dir;
  fs::path data = dir.path() / "data";
  fs::path log = data / "linnet.db-wal";
  fs::path old_copy = dir.path() / "old.db";
  store::SqliteOptions options;
};

}  // namespace

TEST_CASE("a mark is what it was raised to last, also when it is opened again") {
  const TempDir dir;
  CHECK(read(dir.path()) == 0);
  {
    auto mark = open(dir.path());
    CHECK(read(dir.path()) == 0);
    for (std::int64_t id = 1; id <= 9; ++id) {
      mark.raise(MessageId(id));
      CHECK(read(dir.path()) == id);
    }
    mark.raise(MessageId(4));
    CHECK(read(dir.path()) == 9);
  }
  for (std::int64_t id = 10; id <= 13; ++id) {
    auto mark = open(dir.path());
    CHECK(read(dir.path()) == id - 1);
    mark.raise(MessageId(id));
    CHECK(read(dir.path()) == id);
  }
  open(dir.path()).raise(MessageId(INT64_MAX));
  CHECK(read(dir.path()) == INT64_MAX);
}

TEST_CASE("a mark says nothing of a database with another epoch") {
  const TempDir dir;
  open(dir.path()).raise(MessageId(100));
  CHECK(read(dir.path(), "two") == 0);
  CHECK(read(dir.path(), "one ") == 0);
  CHECK(read(dir.path(), std::string(1000, 'x')) == 0);
  open(dir.path(), "two").raise(MessageId(7));
  CHECK(read(dir.path(), "two") == 7);
}

TEST_CASE("a line that was not written whole leaves the one before it") {
  const TempDir dir;
  auto mark = open(dir.path());
  mark.raise(MessageId(41));
  const auto before = content(dir.path() / "linnet.mark");
  mark.raise(MessageId(42));
  const auto after = content(dir.path() / "linnet.mark");
  REQUIRE(after.size() == 2 * kLine);
  for (std::size_t length = before.size(); length < after.size(); ++length) {
    put(dir.path() / "linnet.mark", after.substr(0, length));
    CHECK(read(dir.path()) == 41);
  }
}

TEST_CASE("whatever bit of a mark is turned, it never says more than it did") {
  const TempDir dir;
  auto mark = open(dir.path());
  mark.raise(MessageId(41));
  mark.raise(MessageId(42));
  const auto whole = content(dir.path() / "linnet.mark");
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    auto turned = whole;
    turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ (1U << (bit % 8)));
    put(dir.path() / "linnet.mark", turned);
    CHECK(read(dir.path()) == (bit / 8 < kLine ? 42 : 41));
  }
}

TEST_CASE("a write-ahead log that was removed, cut short or damaged is noticed") {
  Killed killed;
  const auto whole = content(killed.log);
  SECTION("removed") {
    fs::remove(killed.log);
  }
  SECTION("cut short") {
    fs::resize_file(killed.log, whole.size() - 1);
  }
  SECTION("damaged") {
    auto damaged = whole;
    damaged[damaged.size() - 100] = static_cast<char>(damaged[damaged.size() - 100] ^ 1);
    put(killed.log, damaged);
  }
  const auto left = content(killed.log);
  const std::string told = "message 21 was acknowledged";
  CHECK(killed.refusal().find(told) != std::string::npos);
  REQUIRE(killed.problems().size() == 1);
  CHECK(killed.problems().front().find(told) != std::string::npos);
  const auto backup = store::back_up(killed.data, killed.dir.path() / "backup", silence);
  CHECK_FALSE(backup);
  CHECK(backup.error().message().find(told) != std::string::npos);
  CHECK_FALSE(store::open_key_book(killed.data));
  killed.options.synchronous = store::Synchronous::kNormal;
  CHECK(killed.refusal().find(told) != std::string::npos);
  killed.options.synchronous = store::Synchronous::kFull;

  // Nothing was made worse by asking: what is left is there, and what is missing can be put back.
  CHECK(content(killed.log) == left);
  put(killed.log, whole);
  CHECK(killed.refusal().empty());
  CHECK(killed.messages() == 21);
  CHECK(killed.problems().empty());
}

TEST_CASE("an older copy in the database's place is noticed") {
  Killed killed;
  fs::remove(killed.log);
  fs::copy_file(killed.old_copy, killed.data / "linnet.db", fs::copy_options::overwrite_existing);
  CHECK(killed.refusal().find("an older copy was put in its place") != std::string::npos);
}

TEST_CASE("where the database is missing, or empty, none is begun beside its log or mark") {
  Killed killed;
  const auto database = content(killed.data / "linnet.db");
  SECTION("missing") {
    fs::remove(killed.data / "linnet.db");
  }
  SECTION("empty") {
    fs::resize_file(killed.data / "linnet.db", 0);
  }
  CHECK(killed.refusal().find("linnet.db-wal is there") != std::string::npos);
  CHECK_FALSE(store::open_key_book(killed.data));
  const auto log = content(killed.log);
  fs::remove(killed.log);
  CHECK(killed.refusal().find("linnet.mark is there") != std::string::npos);

  put(killed.log, log);
  put(killed.data / "linnet.db", database);
  CHECK(killed.refusal().empty());
  CHECK(killed.messages() == 21);
}

TEST_CASE("whoever goes on with what is left restores it onto itself") {
  Killed killed;
  fs::remove(killed.log);
  REQUIRE_FALSE(killed.refusal().empty());
  auto restored = store::restore(killed.data, killed.data, true, silence);
  REQUIRE(restored);
  CHECK(fs::exists(restored->aside / "linnet.db"));
  CHECK(fs::exists(restored->aside / "linnet.mark"));
  CHECK(killed.problems().empty());
  CHECK(killed.refusal().empty());
  CHECK(killed.messages() == 1);
}

TEST_CASE("without synchronous=full the last moments may be lost, and nobody keeps a mark") {
  Killed killed(store::Synchronous::kNormal);
  CHECK_FALSE(fs::exists(killed.data / "linnet.mark"));
  fs::remove(killed.log);
  CHECK(killed.refusal().empty());
}

TEST_CASE("a store that can keep no mark serves all the same") {
  store::SqliteOptions options;
  const TempDir dir;
  options.directory = dir.path() / "data";
  fs::create_directories(options.directory / "linnet.mark");
  SqliteEngine engine(options, {});
  engine.calls().append(text(1, {1}, "without"));
  CHECK(engine.calls().inbox(1).size() == 1);
}

TEST_CASE("the mark is there before anybody is answered") {
  SqliteEngine engine;
  const auto epoch = [&] {
    auto db =
        Calls::get(store::Connection::open(engine.database(), store::Connection::Mode::kRead));
    return Calls::get(store::epoch_of(*db));
  }();
  for (int i = 1; i <= 50; ++i) {
    const auto sent = engine.calls().append(text(1, {1, 2}, "x"));
    CHECK(HighWaterMark::read(engine.options().directory, epoch) >= sent.id);
  }
}
