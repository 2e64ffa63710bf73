// A disk whose power can go: SQLite's file layer on real files, which remembers for each file what
// was synced, and every write since. When the power has gone, any part of these writes survives,
// torn at sectors, in any order, or as garbage; all that was synced does.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace linnet::test {

// What was done to a file.
struct Change {
  std::int64_t at = 0;
  std::string bytes;
  bool truncates = false;  // to `at` bytes
  bool doomed = false;     // a sync failed on it
};

// Registered under name() while it lives; who uses it must go first. Thread: any.
class PowerDisk {
 public:
  enum class Op { kWrite, kSync, kTruncate, kRead };

  PowerDisk();
  ~PowerDisk();
  PowerDisk(const PowerDisk&) = delete;
  PowerDisk& operator=(const PowerDisk&) = delete;

  const std::string& name() const { return name_; }
  // The power goes in the middle of the `left`-th write, sync or truncation from now on.
  void cut_after(int left) { left_ = left; }
  void cut() { off_ = true; }
  bool off() const { return off_; }
  // The `nth` operation of that kind fails, and if `sticky` all after it. What a failed sync
  // should have synced will never be on the disk, whatever a later sync says.
  // `full`: it is a write for which there is no room.
  void fail(Op op, int nth, bool sticky, bool full = false);
  void mend();
  int failures() const { return failures_; }
  // That were carried out.
  int truncations() const { return truncations_; }
  // Makes the files what a machine finds that starts again. Nobody has them open.
  void power_on(std::mt19937_64& random);

  // For the file methods.
  void opened(const std::string& path);
  int on_change(const std::string& path, Change change);
  // `seen`: how many errors of the file its user was told of. As on Linux each is told of each.
  int on_sync(const std::string& path, std::uint64_t& seen);
  std::uint64_t errors(const std::string& path);
  int on_read();
  void deleted(const std::string& path);

 private:
  struct Image {
    bool there = false;  // its name is on the disk
    std::string synced;
    std::vector<Change> since;
    std::uint64_t errors = 0;  // syncs that failed
  };
  // How much of what was not synced survives.
  enum class Luck { kNothing, kAll, kBeginning, kAny };
  bool due(Op op);
  static void survive(std::string& content, const Change& change, std::mt19937_64& random,
                      int percent);

  std::string name_;
  sqlite3_vfs vfs_{};
  std::mutex mutex_;
  std::map<std::string, Image> images_;
  std::atomic<int> left_ = -1;
  std::atomic<bool> off_ = false;
  std::atomic<int> failures_ = 0;
  std::atomic<int> truncations_ = 0;
  Op failing_ = Op::kWrite;
  int fail_in_ = -1;
  bool sticky_ = false;
  bool full_ = false;
};

}  // namespace linnet::test
