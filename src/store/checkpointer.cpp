#include "checkpointer.hpp"

#include "small_syncs.hpp"

#include <climits>

#include <cerrno>
#include <sys/stat.h>

namespace linnet::store {
namespace {

// A small write-ahead log is moved this many ticks after it last grew: each pass costs two syncs.
constexpr int kQuietTicks = 10;
// Everybody who sends waits for what is moved in the hold: a thousand pages and their sync took
// 100 to 300 ms on a virtual disk.
constexpr int kPassesBeforeHold = 8;
constexpr int kFramesInHold = 128;  // 512 KB
constexpr int kFarOverLimit = 4;

}  // namespace

int Checkpointer::on_commit(void* self, sqlite3*, const char*, int frames) {
  auto* me = static_cast<Checkpointer*>(self);
  me->frames_.store(frames, std::memory_order_relaxed);
  me->commits_.fetch_add(1, std::memory_order_relaxed);
  return SQLITE_OK;
}

void Checkpointer::watch(Connection& committing) {
  sqlite3_wal_hook(committing.handle(), &Checkpointer::on_commit, this);
}

Status Checkpointer::start() {
  // Its own descriptors, opened while the files surely have their names.
  // Also the first sync of what a killed server had written.
  auto pass = passive();
  note(pass ? success() : Status(pass.take_error()));
  auto portions = store::sync_in_portions(*db_);
  if (!portions) return portions.take_error();
  portions_ = *portions;
  thread_ = std::thread([this] { loop(); });
  return success();
}

void Checkpointer::close() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  // A pass under way is not to take longer than it must.
  if (portions_ != nullptr) portions_->store(false);
  if (thread_.joinable()) thread_.join();
  portions_ = nullptr;
  db_.reset();
}

void Checkpointer::loop() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, tuning_.checkpoint_every, [this] { return closing_; })) {
    lock.unlock();
    if (!writer_.gave_up()) {
      if (files_there()) {
        tick();
      } else {
        save_and_give_up();
      }
    }
    lock.lock();
  }
}

bool Checkpointer::files_there() {
  for (std::size_t i = 0; i < inodes_.size(); ++i) {
    struct stat found {};
    const auto path = i == 0 ? file_.string() : file_.string() + "-wal";
    const bool there = ::stat(path.c_str(), &found) == 0;
    if (inodes_[i] == 0 && there) inodes_[i] = found.st_ino;
    // Any other failure may pass, as one of a lack of descriptors does.
    if (inodes_[i] != 0 && (there ? found.st_ino != inodes_[i] : errno == ENOENT)) return false;
  }
  return true;
}

// What was acknowledged is still in the open files: as much of it as can be goes into the database.
void Checkpointer::save_and_give_up() {
  writer_.hold([&] {
    (void)passive();
    writer_.give_up(
        Error(ErrCode::kStorage, {}, "the database's files were moved or removed meanwhile"));
  });
}

void Checkpointer::tick() {
  const auto commits = commits_.load(std::memory_order_relaxed);
  const int frames = frames_.load(std::memory_order_relaxed);
  if (commits == seen_commits_) {
    ++quiet_ticks_;
    if (quiet_ticks_ != kQuietTicks) return;
  } else {
    seen_commits_ = commits;
    quiet_ticks_ = 0;
    // After a restart the log is short again.
    const int grown = frames < seen_frames_ ? frames : frames - seen_frames_;
    if (grown < tuning_.checkpoint_frames) return;
  }
  seen_frames_ = frames;
  if (frames > tuning_.wal_limit_frames) {
    note(restart_log());
  } else {
    auto pass = passive();
    note(pass ? success() : Status(pass.take_error()));
  }
}

// Not once close() has been called.
void Checkpointer::sync_in_portions(bool on) {
  std::lock_guard lock(mutex_);
  portions_->store(on && !closing_);
}

// While the writer stands, a pass can reach the end, and the next commit begins the write-ahead log
// anew. Passes before that leave little to do in it.
Status Checkpointer::restart_log() {
  const Writer::Rest rest(writer_);
  auto moved = move_ahead();
  // Nobody commits in the hold, and portions would only make it longer.
  sync_in_portions(false);
  if (moved && *moved) {
    Result<Pass> pass;
    writer_.hold([&] { pass = passive(); });
    if (!pass) moved = pass.take_error();
  }
  sync_in_portions(true);
  return moved ? success() : Status(moved.take_error());
}

// False when the writer is too fast for now; it is stopped when the file would grow without end.
Result<bool> Checkpointer::move_ahead() {
  int before = INT_MAX;
  for (int left = kPassesBeforeHold;; --left) {
    auto pass = passive();
    if (!pass) return pass.take_error();
    const int waiting = frames_.load(std::memory_order_relaxed) - pass->moved;
    if (waiting <= kFramesInHold) return true;
    if (left == 1) return pass->frames >= tuning_.wal_limit_frames * kFarOverLimit;
    if (waiting >= before) sync_in_portions(false);
    before = waiting;
  }
}

Result<Checkpointer::Pass> Checkpointer::passive() {
  Pass pass;
  const int code = sqlite3_wal_checkpoint_v2(db_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                             &pass.frames, &pass.moved);
  // Busy: another process (a backup) checkpoints.
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return pass;
  return db_->fail(code, "checkpoint");
}

void Checkpointer::note(const Status& outcome) {
  if (!outcome && db_->disk_failed()) {
    writer_.give_up(outcome.error());
    return;
  }
  if (outcome.ok() != failing_) return;
  failing_ = !outcome.ok();
  if (failing_) {
    logger_.error("storage_failed", {{"doing", "checkpoint"}, {"error", outcome.error().detail()}});
  } else {
    logger_.info("storage_recovered", {{"doing", "checkpoint"}});
  }
}

}  // namespace linnet::store
