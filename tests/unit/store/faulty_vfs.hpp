// A disk that fails when the test says so: SQLite's file layer with faults in front of it.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace linnet::test {

// Registered under name() while it lives; the store that uses it must go first. Thread: any.
class FaultyVfs {
 public:
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  const std::string& name() const { return name_; }
  // After `left` more writes (to any file) each one fails with SQLITE_FULL.
  void fill_up(int left = 0) { writes_left_ = left; }
  void make_room() { writes_left_ = -1; }
  // Every fsync of the write-ahead log fails.
  void fail_syncs(bool fail) { fail_syncs_ = fail; }
  // Every read waits for that long.
  void slow_reads(std::chrono::microseconds wait) { read_wait_ = wait.count(); }
  // After `left` more reads each one fails; negative: none.
  void fail_reads_after(int left) { reads_left_ = left; }
  int failures() const { return failures_; }
  // So many reads have waited at once, at most.
  int reads_at_once() const { return reads_at_once_; }

  // For the file methods: SQLITE_OK, or the fault that is due.
  int on_read();
  int on_write();
  int on_sync(bool wal);

 private:
  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out);

  std::string name_;
  sqlite3_vfs vfs_{};
  std::atomic<int> writes_left_ = -1;
  std::atomic<bool> fail_syncs_ = false;
  std::atomic<int> failures_ = 0;
  std::atomic<std::int64_t> read_wait_ = 0;
  std::atomic<int> reads_left_ = -1;
  std::atomic<int> reading_ = 0;
  std::atomic<int> reads_at_once_ = 0;
};

}  // namespace linnet::test
