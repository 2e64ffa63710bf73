#include "sqlite_store.hpp"

#include "friends.hpp"
#include "inbox.hpp"
#include "migrate.hpp"

#include "linnet/base/random.hpp"

#include <chrono>
#include <utility>

namespace linnet::store {
namespace {

constexpr std::size_t kAcksKept = 1'000'000;
// Appends are refused when the tail is this many times its limit.
constexpr std::size_t kTailRefused = 4;

std::size_t bytes_of(const NewMessage& message) {
  return message.message.content.size() +
         (message.message.mentions.size() + message.recipients.size()) * sizeof(UserId);
}

// Opening fails in front of an operator, who is shown the message, not the log's detail.
Error for_operator(const Error& error, const std::filesystem::path& path) {
  if (!error.message().empty()) return error;
  return Error(error.code(), "cannot open the database in " + path.string() + ": " + error.detail(),
               error.detail());
}

Result<std::unique_ptr<Connection>> open_writer(const DataDirectory& directory,
                                                const std::string& vfs) {
  auto opened = Connection::open(directory.database(), Connection::Mode::kWrite, vfs);
  if (!opened) return opened;
  auto whole = check_mark(**opened, directory.path());
  if (!whole) return whole.take_error();
  // The write-ahead log's file is cut to this length when it begins anew, which it does at half of
  // it: only one that could not be begun anew for long is cut.
  for (const char* sql : {"PRAGMA journal_mode=WAL", "PRAGMA wal_autocheckpoint=0",
                          "PRAGMA journal_size_limit=134217728"}) {
    auto set = (*opened)->exec(sql);
    if (!set) return set.take_error();
  }
  auto durable = (*opened)->set_durable(true);
  if (!durable) return durable.take_error();
  auto migrated = migrate(**opened);
  if (!migrated) return migrated.take_error();
  return opened;
}

Result<std::unique_ptr<Connection>> open_checkpointer(const std::filesystem::path& file,
                                                      const std::string& vfs) {
  auto opened = Connection::open(file, Connection::Mode::kWrite, vfs);
  if (!opened) return opened;
  auto set = (*opened)->set_durable(true);
  if (!set) return set.take_error();
  return opened;
}

// A database of which the last moments may be lost has no mark.
Result<HighWaterMark> open_mark(Connection& db, const SqliteOptions& options, Logger& logger) {
  if (options.synchronous != Synchronous::kFull) {
    HighWaterMark::remove(options.directory);
    return HighWaterMark();
  }
  auto epoch = epoch_of(db);
  if (!epoch) return epoch.take_error();
  auto mark = HighWaterMark::open(options.directory, *epoch);
  if (mark) return mark;
  logger.warn("store_without_mark", {{"error", mark.error().detail()}});
  return HighWaterMark();
}

Chores::Limits chore_limits(const SqliteOptions& options, const Tuning& tuning) {
  Chores::Limits limits;
  limits.merge_slice = options.merge_slice;
  limits.merge_after = std::max<std::size_t>(options.merge_after, 1);
  limits.idle_before_merge = tuning.idle_before_merge;
  limits.ack_delay = tuning.ack_delay;
  limits.tail_limit = tuning.tail_limit;
  return limits;
}

Writer::Limits writer_limits(const SqliteOptions& options, const Tuning& tuning) {
  Writer::Limits limits;
  limits.queue = std::max<std::size_t>(options.queue, 1);
  limits.bytes = tuning.waiting_bytes;
  limits.batch = std::max<std::size_t>(options.batch, 1);
  limits.durable = options.synchronous == Synchronous::kFull;
  if (limits.durable) limits.delay = options.commit_delay;
  return limits;
}

}  // namespace

SqliteStore::SqliteStore(DataDirectory directory, const SqliteOptions& options,
                         const Tuning& tuning, std::unique_ptr<Connection> write_db,
                         std::unique_ptr<Connection> checkpoint_db, HighWaterMark mark,
                         const Clock& clock, Logger& logger)
    : directory_(std::move(directory)),
      db_(std::move(write_db)),
      readers_(std::max<std::size_t>(options.queue, 1)),
      dedup_(*db_),
      log_(*db_, tail_, dedup_, clock, tuning.tail_limit * kTailRefused),
      mark_(std::move(mark)),
      standings_(*db_, log_, Standings::kept(options.cache_bytes)),
      groups_(*db_, log_, clock, options.groups_per_user),
      merge_(*db_, tail_, dedup_,
             [this](std::function<void()> work) { readers_.lend(std::move(work)); }),
      chores_(*db_, tail_, log_, dedup_, acks_, merge_, chore_limits(options, tuning)),
      writer_(*db_, log_, mark_, chores_, logger, writer_limits(options, tuning)),
      checkpointer_(std::move(checkpoint_db), directory_.database(), writer_, logger, tuning),
      clock_(clock),
      friends_per_user_(options.friends_per_user),
      devices_per_user_(options.devices_per_user) {}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const SqliteOptions& options,
                                                       const Tuning& tuning, const Clock& clock,
                                                       Logger& logger) {
  if (!init_random()) return Error(ErrCode::kStorage, "the system gives no randomness");
  const auto began = std::chrono::steady_clock::now();
  auto directory = DataDirectory::open(options.directory);
  if (!directory) return directory.take_error();
  auto sound = check_database_there(options.directory);
  if (!sound) return sound.take_error();
  const auto file = directory->database();
  auto fail = [&](const Error& error) { return for_operator(error, options.directory); };
  auto write_db = open_writer(*directory, tuning.vfs);
  if (!write_db) return fail(write_db.error());
  auto mark = open_mark(**write_db, options, logger);
  if (!mark) return fail(mark.error());
  auto cached = (*write_db)->set_cache(options.cache_bytes);
  if (!cached) return fail(cached.error());
  auto checkpoint_db = open_checkpointer(file, tuning.vfs);
  if (!checkpoint_db) return fail(checkpoint_db.error());

  std::unique_ptr<SqliteStore> made(new SqliteStore(std::move(*directory), options, tuning,
                                                    std::move(*write_db), std::move(*checkpoint_db),
                                                    std::move(*mark), clock, logger));
  auto loaded = made->log_.load();
  if (!loaded) return fail(loaded.error());
  auto reading = made->readers_.start(file, tuning.vfs, std::max<std::size_t>(options.readers, 1),
                                      options.cache_bytes / 4);
  if (!reading) return fail(reading.error());
  made->checkpointer_.watch(*made->db_);
  made->writer_.start();
  auto checkpointing = made->checkpointer_.start();
  if (!checkpointing) return fail(checkpointing.error());
  const auto took = std::chrono::steady_clock::now() - began;
  logger.info("store_opened",
              {{"directory", options.directory.string()},
               {"messages", made->log_.last()},
               {"unmerged", made->tail_.size()},
               {"ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()}});
  return made;
}

void SqliteStore::close() {
  if (std::exchange(closed_, true)) return;
  checkpointer_.close();
  writer_.close();
  sqlite3_wal_hook(db_->handle(), nullptr, nullptr);
  readers_.close();
  if (writer_.gave_up()) {
    // What the disk did not take must not be spread further; a restart reads what is really there.
    sqlite3_db_config(db_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  } else {
    sqlite3_wal_checkpoint_v2(db_->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  }
}

void SqliteStore::append(NewMessage message, Done<Appended> done) {
  const auto bytes = bytes_of(message);
  write<Appended>(
      Job::Writes::kOne, [this, m = std::move(message)] { return log_.append(m); }, std::move(done),
      bytes);
}

void SqliteStore::append_to_user(Message message, bool friends_only, Done<Appended> done) {
  NewMessage next;
  next.message = std::move(message);
  const UserId sender(next.message.sender_id);
  const UserId receiver(next.message.receiver_id);
  next.recipients.push_back(sender);
  if (receiver != sender) next.recipients.push_back(receiver);
  const auto bytes = bytes_of(next);
  write<Appended>(
      Job::Writes::kOne,
      [this, sender, receiver, friends_only, m = std::move(next)]() -> Result<Appended> {
        auto may = standings_.check(sender, receiver, friends_only);
        return may ? log_.append(m) : log_.refuse(m.message, may.error());
      },
      std::move(done), bytes);
}

void SqliteStore::read_inbox(UserId user, Seq after, PageLimit limit, Done<InboxPage> done) {
  readers_.read<InboxPage>(
      [this, user, after, limit](Connection& db) {
        return store::read_inbox(db, tail_, inbox_of(user), after, limit);
      },
      std::move(done));
}

void SqliteStore::head(UserId user, Done<Seq> done) {
  readers_.read<Seq>(
      [this, user](Connection& db) { return store::head(db, tail_, inbox_of(user)); },
      std::move(done));
}

void SqliteStore::acknowledge(UserId user, DeviceId device, Seq seq) {
  acks_.note({user, device, seq}, kAcksKept);
}

void SqliteStore::acknowledged(UserId user, Done<Seq> done) {
  readers_.read<Seq>(
      [this, user](Connection& db) { return store::acknowledged(db, tail_, acks_, user); },
      std::move(done));
}

void SqliteStore::acknowledged_by(UserId user, DeviceId device, Done<Seq> done) {
  readers_.read<Seq>(
      [user, device](Connection& db) { return store::acknowledged_by(db, user, device); },
      std::move(done));
}

void SqliteStore::request_friend(FriendRequest request, NewMessage notice, Done<Appended> done) {
  const auto bytes = bytes_of(notice);
  write<Appended>(
      Job::Writes::kSeveral,
      [this, r = std::move(request), n = std::move(notice)] {
        standings_.note_change(r.from, r.to);
        return store::request_friend(*db_, log_, r, n, friends_per_user_);
      },
      std::move(done), bytes);
}

void SqliteStore::agree_friend(UserId user, UserId asker, std::string remarks, Millis now,
                               NewMessage notice, Done<Appended> done) {
  const auto bytes = bytes_of(notice);
  write<Appended>(
      Job::Writes::kSeveral,
      [this, a = Agreement{user, asker, std::move(remarks), now}, n = std::move(notice)] {
        standings_.note_change(a.user, a.asker);
        return store::agree_friend(*db_, log_, a, n, friends_per_user_);
      },
      std::move(done), bytes);
}

void SqliteStore::friendship(UserId user, UserId other, Done<Friendship> done) {
  if (auto known = standings_.known(user, other)) return done(*known);
  readers_.read<Friendship>(
      [user, other](Connection& db) { return store::friendship(db, user, other); },
      std::move(done));
}

void SqliteStore::friends(UserId user, UserId after, std::size_t limit,
                          Done<std::vector<Friend>> done) {
  readers_.read<std::vector<Friend>>(
      [user, after, limit](Connection& db) { return store::friends(db, user, after, limit); },
      std::move(done));
}

void SqliteStore::delete_friend(UserId user, UserId other, Done<Unit> done) {
  write<Unit>(
      Job::Writes::kSeveral,
      [this, user, other] {
        standings_.note_change(user, other);
        return store::delete_friend(*db_, user, other);
      },
      std::move(done));
}

void SqliteStore::set_friend(UserId user, UserId other, std::string remarks, std::string extra,
                             Millis now, Done<Unit> done) {
  Friend entry;
  entry.user.id = other;
  entry.remarks = std::move(remarks);
  entry.extra = std::move(extra);
  write<Unit>(
      Job::Writes::kOne,
      [this, user, e = std::move(entry), now] { return store::set_friend(*db_, user, e, now); },
      std::move(done));
}

void SqliteStore::set_blocked(UserId user, UserId other, bool blocked, Millis now,
                              Done<Unit> done) {
  write<Unit>(
      Job::Writes::kOne,
      [this, user, other, blocked, now] {
        standings_.note_change(user, other);
        return store::set_blocked(*db_, user, other, blocked, now);
      },
      std::move(done));
}

void SqliteStore::blocked(UserId user, UserId after, std::size_t limit,
                          Done<std::vector<UserId>> done) {
  readers_.read<std::vector<UserId>>(
      [user, after, limit](Connection& db) { return store::blocked(db, user, after, limit); },
      std::move(done));
}

Result<std::unique_ptr<Store>> open_sqlite(const SqliteOptions& options, const Clock& clock,
                                           Logger& log) {
  auto opened = SqliteStore::open(options, Tuning{}, clock, log);
  if (!opened) return opened.take_error();
  return std::unique_ptr<Store>(std::move(*opened));
}

}  // namespace linnet::store
