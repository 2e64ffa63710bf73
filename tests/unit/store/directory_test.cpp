// The data directory: who may use it, and what is refused with which sentence.
#include "store_kit.hpp"

#include <fstream>
#include <sys/stat.h>

using namespace linnet;
using namespace linnet::test;
using Catch::Matchers::Contains;

namespace {

std::string refusal_of(const std::filesystem::path& directory) {
  store::SqliteOptions options;
  options.directory = directory;
  SystemClock clock;
  auto opened = store::open_sqlite(options, clock, silent());
  if (opened) return "opened";
  CHECK(opened.code() == ErrCode::kStorage);
  return opened.error().message();
}

unsigned mode_of(const std::filesystem::path& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777U;
}

}  // namespace

TEST_CASE("the data is private to its owner") {
  SqliteEngine engine;
  engine.calls().append(text(1, {1}, "secret"));
  CHECK(mode_of(engine.options().directory) == 0700);
  for (const char* file :
       {"linnet.db", "linnet.db-wal", "linnet.db-shm", "linnet.lock", "linnet.mark"})
    CHECK(mode_of(engine.options().directory / file) == 0600);
}

TEST_CASE("a directory serves one store at a time") {
  SqliteEngine engine;
  CHECK_THAT(refusal_of(engine.options().directory), Contains("in use by another process"));
  engine.close();
  CHECK(refusal_of(engine.options().directory) == "opened");
}

TEST_CASE("a database newer than the program is refused and left alone") {
  SqliteEngine engine;
  engine.calls().append(text(1, {1}, "from the future"));
  engine.close();
  {
    auto db =
        Calls::get(store::Connection::open(engine.database(), store::Connection::Mode::kWrite));
    REQUIRE(db->exec("PRAGMA user_version=9999"));
  }

  CHECK_THAT(refusal_of(engine.options().directory),
             Contains("schema 9999") && Contains("run the newer program"));
  CHECK(engine.number("SELECT count(*) FROM message") == 1);
}

TEST_CASE("a file that is no database is refused") {
  TempDir dir;
  std::ofstream(dir.path() / "linnet.db") << std::string(8192, 'x');
  CHECK_THAT(refusal_of(dir.path()), Contains("not a database"));
}

TEST_CASE("a place that cannot be a directory is refused") {
  TempDir dir;
  std::ofstream(dir.path() / "file") << "x";
  CHECK_THAT(refusal_of(dir.path() / "file" / "data"), Contains("cannot make"));
  CHECK_THAT(refusal_of(dir.path() / "file"), Contains("the data directory"));
  CHECK_THAT(refusal_of({}), Contains("no path"));
}

TEST_CASE("a database has an epoch of its own, which stays") {
  SqliteEngine engine;
  SqliteEngine another;
  auto epoch = [](const SqliteEngine& of) {
    auto db = Calls::get(store::Connection::open(of.database(), store::Connection::Mode::kRead));
    store::Query query(*db, "SELECT value FROM meta WHERE key = 'epoch'");
    return query.next() ? query.text(0) : std::string();
  };
  const auto first = epoch(engine);
  CHECK(first.size() == 16);
  CHECK(first != epoch(another));
  engine.reopen();
  CHECK(epoch(engine) == first);
}
