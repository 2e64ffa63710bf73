// What a checkpoint hands to the disk at once, so that a commit's sync does not wait for all of it.
#include "small_syncs.hpp"

#include "store_kit.hpp"

#include <algorithm>

using namespace linnet;
using namespace linnet::test;

namespace {

// Under the connection's database file: counts, and fails when it is told to. Outlives it.
struct Disk {
  sqlite3_io_methods methods{};
  const sqlite3_io_methods* below = nullptr;
  int unsynced = 0;  // bytes
  int most = 0;      // unsynced at any time
  bool broken = false;

  static inline Disk* one = nullptr;

  void put_under(store::Connection& db) {
    sqlite3_file* file = nullptr;
    REQUIRE(sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file) ==
            SQLITE_OK);
    one = this;
    below = file->pMethods;
    methods = *below;
    methods.xWrite = [](sqlite3_file* f, const void* bytes, int size, sqlite3_int64 at) {
      one->unsynced += size;
      one->most = std::max(one->most, one->unsynced);
      return one->below->xWrite(f, bytes, size, at);
    };
    methods.xSync = [](sqlite3_file* f, int flags) {
      if (one->broken) return SQLITE_IOERR_FSYNC;
      one->unsynced = 0;
      return one->below->xSync(f, flags);
    };
    file->pMethods = &methods;
  }
};

// A write-ahead log of some 500 pages, which no one has moved yet.
struct FullLog {
  TempDir dir;
  Disk disk;
  std::filesystem::path file = dir.path() / "some.db";
  std::unique_ptr<store::Connection> writer = open();
  std::unique_ptr<store::Connection> checkpointer = open();

  FullLog() {
    for (const char* sql :
         {"PRAGMA journal_mode=WAL", "PRAGMA wal_autocheckpoint=0", "CREATE TABLE t (a)",
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
          " INSERT INTO t SELECT randomblob(4000) FROM n"})
      REQUIRE(writer->exec(sql).ok());
    REQUIRE(checkpointer->set_durable(true).ok());
    disk.put_under(*checkpointer);
  }
  std::unique_ptr<store::Connection> open() const {
    return Calls::get(store::Connection::open(file, store::Connection::Mode::kWrite));
  }
  int checkpoint() {
    return sqlite3_wal_checkpoint_v2(checkpointer->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                     nullptr, nullptr);
  }
};

constexpr int kPortion = 64 * 4096;

}  // namespace

TEST_CASE("a checkpoint never leaves more than a portion to be synced") {
  FullLog log;

  SECTION("as it would without") {
    CHECK(log.checkpoint() == SQLITE_OK);
    CHECK(log.disk.most > 5 * kPortion);
  }
  SECTION("in portions, also when asked for twice") {
    auto* on = Calls::get(store::sync_in_portions(*log.checkpointer));
    CHECK(on == Calls::get(store::sync_in_portions(*log.checkpointer)));
    CHECK(log.checkpoint() == SQLITE_OK);
    CHECK(log.disk.most == kPortion);
  }
  SECTION("unless they are turned off") {
    *Calls::get(store::sync_in_portions(*log.checkpointer)) = false;
    CHECK(log.checkpoint() == SQLITE_OK);
    CHECK(log.disk.most > 5 * kPortion);
  }
  CHECK(log.disk.unsynced == 0);
  log.checkpointer.reset();
  log.writer.reset();
  const auto reader = log.open();
  store::Query query(*reader, "SELECT count(*) FROM t");
  REQUIRE(query.next());
  CHECK(query.number(0) == 500);
}

TEST_CASE("a portion that cannot be synced fails the checkpoint as a disk's failure") {
  FullLog log;
  REQUIRE(store::sync_in_portions(*log.checkpointer).ok());
  log.disk.broken = true;

  const int code = log.checkpoint();

  CHECK(code == SQLITE_IOERR_FSYNC);
  CHECK(log.checkpointer->fail(code, "checkpoint").code() == ErrCode::kStorage);
  CHECK(log.checkpointer->disk_failed());
  // What was committed is in the log as before.
  log.disk.broken = false;
  CHECK(log.checkpoint() == SQLITE_OK);
}
