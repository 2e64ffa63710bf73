// Moves what was committed from the write-ahead log into the database file, on a connection and a
// thread of its own: within the commit path it would stall senders for tens of milliseconds.
#pragma once

#include "connection.hpp"
#include "tuning.hpp"
#include "writer.hpp"

#include "linnet/base/log.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <sys/types.h>
#include <thread>

namespace linnet::store {

class Checkpointer {
 public:
  // `file`: the database's.
  Checkpointer(std::unique_ptr<Connection> db, std::filesystem::path file, Writer& writer,
               Logger& logger, const Tuning& tuning)
      : db_(std::move(db)),
        file_(std::move(file)),
        writer_(writer),
        logger_(logger),
        tuning_(tuning) {}
  ~Checkpointer() { close(); }

  // Is told of every commit on `committing` from now on, in place of SQLite's own checkpoints.
  void watch(Connection& committing);
  // Error: kStorage.
  Status start();
  // Before the writer's end. By the owner.
  void close();

 private:
  struct Pass {
    int frames = 0;  // in the write-ahead log
    int moved = 0;   // of these, now in the database as well
  };
  static int on_commit(void* self, sqlite3* db, const char* name, int frames);
  void loop();
  void tick();
  Result<Pass> passive();
  Status restart_log();
  Result<bool> move_ahead();
  void sync_in_portions(bool on);
  void note(const Status& outcome);
  // The files have their names: else nobody would find them after a restart.
  bool files_there();
  void save_and_give_up();

  std::unique_ptr<Connection> db_;
  std::filesystem::path file_;
  std::array<ino_t, 2> inodes_{};  // of the database and the write-ahead log; 0: not seen yet
  Writer& writer_;
  Logger& logger_;
  Tuning tuning_;
  std::atomic<int> frames_ = 0;
  std::atomic<std::uint64_t> commits_ = 0;
  std::uint64_t seen_commits_ = 0;
  int seen_frames_ = 0;
  int quiet_ticks_ = 0;
  bool failing_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool closing_ = false;
  std::atomic<bool>* portions_ = nullptr;  // of db_: what it moves is synced in portions
  std::thread thread_;
};

}  // namespace linnet::store
