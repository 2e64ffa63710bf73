#include "linnet/store/copies.hpp"

#include "connection.hpp"
#include "data_directory.hpp"
#include "high_water_mark.hpp"
#include "migrate.hpp"
#include "small_syncs.hpp"

#include "linnet/base/random.hpp"

#include <cerrno>
#include <chrono>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace linnet::store {
namespace {

namespace fs = std::filesystem;

constexpr int kPagesPerStep = 256;
constexpr std::chrono::milliseconds kBusyPause{10};

Error failure(const std::string& what) {
  return Error(ErrCode::kStorage, what, what);
}

Error failed(const std::string& doing, const Error& error) {
  return failure(doing + ": " + (error.message().empty() ? error.detail() : error.message()));
}

Error system_failure(const std::string& doing) {
  return failure(doing + ": " + std::generic_category().message(errno));
}

fs::path database_in(const fs::path& directory) {
  return directory / "linnet.db";
}

fs::path log_in(const fs::path& directory) {
  return directory / "linnet.db-wal";
}

// A server may be at work on it: nothing is checkpointed on its behalf.
Result<std::unique_ptr<Connection>> open_beside(const fs::path& directory) {
  if (!holds_database(directory)) return failure("there is no database in " + directory.string());
  auto db = Connection::open(database_in(directory), Connection::Mode::kWrite);
  if (!db) return failed("cannot open the database in " + directory.string(), db.error());
  auto set = (*db)->exec("PRAGMA wal_autocheckpoint=0");
  if (!set) return failed("cannot read the database in " + directory.string(), set.error());
  return db;
}

// Whether acknowledged messages are missing in it.
bool is_short(Connection& db, const fs::path& directory) {
  const auto whole = check_mark(db, directory);
  return !whole && !whole.error().message().empty();
}

Result<std::int64_t> number(Connection& db, std::string_view sql) {
  Query row(db, sql);
  const auto value = row.next() ? row.number(0) : 0;
  if (row.failed()) return row.error();
  return value;
}

Result<std::int64_t> schema_of(Connection& db) {
  auto schema = number(db, "PRAGMA user_version");
  if (!schema) return schema;
  if (*schema == 0) return failure("the database is empty, or none of this program's");
  return schema;
}

Status make_file(const fs::path& file) {
  const int fd = make_private(file);
  if (fd < 0) return system_failure("cannot write " + file.string());
  ::close(fd);
  return success();
}

Status make_directory(const fs::path& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0)
    return system_failure("cannot make " + directory.string());
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return system_failure("cannot open " + directory.string());
  give_to_owner_of(directory.parent_path(), fd);
  ::close(fd);
  return success();
}

// Names survive a power loss only when their directory is synced.
Status move_into_place(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return system_failure("cannot move " + from.string() + " to " + to.string());
  const int fd = ::open(to.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return success();
  ::fsync(fd);
  ::close(fd);
  return success();
}

Status step_through(sqlite3_backup* backup, const Progress& progress) {
  for (;;) {
    const int code = sqlite3_backup_step(backup, kPagesPerStep);
    const auto all = sqlite3_backup_pagecount(backup);
    progress(all - sqlite3_backup_remaining(backup), all);
    if (code == SQLITE_DONE) return success();
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
      std::this_thread::sleep_for(kBusyPause);
    } else if (code != SQLITE_OK) {
      return failure(std::string("the copy failed: ") + sqlite3_errstr(code));
    }
  }
}

// Who commits on the same disk meanwhile.
enum class Beside { kNobody, kServer };

// Copies what `from` reads in one transaction: steps outside of one would begin anew whenever
// somebody writes.
Result<Copied> copy(Connection& from, const fs::path& file, Beside beside,
                    const Progress& progress) {
  Transaction snapshot(from, Transaction::Kind::kRead);
  if (!snapshot.begun()) return snapshot.begun().error();
  Copied copied;
  auto schema = schema_of(from);
  if (!schema) return schema.take_error();
  copied.schema = *schema;
  auto messages = number(from, "SELECT count(*) FROM message");
  if (!messages) return messages.take_error();
  copied.messages = *messages;
  auto made = make_file(file);
  if (!made) return made.take_error();
  auto to = Connection::open(file, Connection::Mode::kWrite);
  if (!to) return to.take_error();
  if (beside == Beside::kServer) {
    auto portioned = sync_in_portions(**to);
    if (!portioned) return portioned.take_error();
  }
  auto* backup = sqlite3_backup_init((*to)->handle(), "main", from.handle(), "main");
  if (backup == nullptr) return (*to)->fail(sqlite3_errcode((*to)->handle()), "backup");
  auto stepped = step_through(backup, progress);
  const int code = sqlite3_backup_finish(backup);
  if (!stepped) return stepped.take_error();
  if (code != SQLITE_OK) return (*to)->fail(code, "backup");
  // Whole in one file, without a log beside it.
  auto whole = (*to)->exec("PRAGMA journal_mode=DELETE");
  if (!whole) return whole.take_error();
  std::error_code ignored;
  copied.bytes = static_cast<std::int64_t>(fs::file_size(file, ignored));
  return copied;
}

// Removes a copy that was not finished: an earlier one at first, its own in the end.
class Unfinished {
 public:
  explicit Unfinished(fs::path file) : file_(std::move(file)) { remove(); }
  ~Unfinished() { remove(); }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

 private:
  void remove() const {
    std::error_code ignored;
    for (const char* more : {"", "-journal", "-wal", "-shm"})
      fs::remove(file_.string() + more, ignored);
  }
  fs::path file_;
};

std::string stamp() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
  return text;
}

// All of it in one file, so that one step moves it. A database that cannot be read, or of which
// something is missing, keeps its log.
void fold_log(const fs::path& directory) {
  auto db = Connection::open(database_in(directory), Connection::Mode::kWrite);
  if (db && !is_short(**db, directory)) (void)(*db)->exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

// The database first: a log without its database is nothing that could be mistaken for one.
Result<fs::path> move_aside(const fs::path& directory) {
  auto aside = directory / ("before-restore-" + stamp());
  for (int n = 2; fs::exists(aside); ++n)
    aside = directory / ("before-restore-" + stamp() + "-" + std::to_string(n));
  auto made = make_directory(aside);
  if (!made) return made.take_error();
  for (const char* name : {"linnet.db", "linnet.db-wal", "linnet.db-shm", "linnet.mark"}) {
    if (!fs::exists(directory / name)) continue;
    auto moved = move_into_place(directory / name, aside / name);
    if (!moved) return moved.take_error();
  }
  return aside;
}

Status renew_epoch(const fs::path& file) {
  auto db = Connection::open(file, Connection::Mode::kWrite);
  if (!db) return db.take_error();
  auto sound = number(**db, "SELECT count(*) FROM pragma_quick_check WHERE quick_check != 'ok'");
  if (!sound) return sound.take_error();
  if (*sound != 0) return failure("the backup is damaged");
  return Query(**db, "INSERT OR REPLACE INTO meta (key, value) VALUES ('epoch', ?1)",
               random_token(12))
      .run();
}

}  // namespace

Result<Copied> back_up(const fs::path& directory, const fs::path& target,
                       const Progress& progress) {
  auto from = open_beside(directory);
  if (!from) return from.take_error();
  auto whole = check_mark(**from, directory);
  if (!whole) return failed("cannot back up " + directory.string(), whole.error());
  const auto occupied = [&] { return holds_database(target) || fs::exists(log_in(target)); };
  const auto refusal =
      failure(target.string() + " holds a database already: give each backup a directory");
  if (occupied()) return refusal;
  // Two backups into one directory would take each other's half copy for their own.
  auto claimed = DataDirectory::claim(target);
  if (!claimed) return claimed.take_error();
  if (occupied()) return refusal;
  const auto part = part_in(target);
  const Unfinished unfinished(part);
  auto copied = copy(**from, part, Beside::kServer, progress);
  if (!copied) return failed("cannot back up to " + target.string(), copied.error());
  auto moved = move_into_place(part, database_in(target));
  if (!moved) return moved.take_error();
  return copied;
}

Result<Copied> restore(const fs::path& source, const fs::path& directory, bool replace,
                       const Progress& progress) {
  auto from = open_beside(source);
  if (!from) return from.take_error();
  (void)is_short(**from, source);  // then its log stays as it is
  auto schema = schema_of(**from);
  if (!schema) return failed("cannot restore " + source.string(), schema.error());
  const auto known = migrations().back().number;
  if (*schema > known)
    return failure("the backup has schema " + std::to_string(*schema) +
                   ", and this program knows schemas up to " + std::to_string(known) +
                   ": restore it with the newer program");
  // Nobody else may use it from here on.
  auto lock = DataDirectory::open(directory);
  if (!lock) return lock.take_error();
  const bool occupied = holds_database(directory);
  if (occupied && !replace)
    return failure(directory.string() +
                   " holds a database already: --replace moves that one aside, or name another");
  const auto part = part_in(directory);
  const Unfinished unfinished(part);
  auto copied = copy(**from, part, Beside::kNobody, progress);
  if (!copied) return failed("cannot restore " + source.string(), copied.error());
  // It may be the one that is moved aside.
  from->reset();
  auto renewed = renew_epoch(part);
  if (!renewed) return failed("cannot restore " + source.string(), renewed.error());
  // A log alone is what another restore left that was ended in the middle of moving.
  if (occupied || fs::exists(log_in(directory))) {
    if (occupied) fold_log(directory);
    auto aside = move_aside(directory);
    if (!aside) return aside.take_error();
    copied->aside = *aside;
  }
  auto moved = move_into_place(part, database_in(directory));
  if (!moved) return moved.take_error();
  return copied;
}

}  // namespace linnet::store
