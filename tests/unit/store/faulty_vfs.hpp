// A disk that fails when the test says so: SQLite's file layer with faults in front of it.
#pragma once

#include <sqlite3.h>

#include <atomic>
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
  int failures() const { return failures_; }

  // For the file methods: SQLITE_OK, or the fault that is due.
  int on_write();
  int on_sync(bool wal);

 private:
  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out);

  std::string name_;
  sqlite3_vfs vfs_{};
  std::atomic<int> writes_left_ = -1;
  std::atomic<bool> fail_syncs_ = false;
  std::atomic<int> failures_ = 0;
};

}  // namespace linnet::test
