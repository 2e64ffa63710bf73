// Opens the store on a directory with one SQLite database.
#pragma once

#include "linnet/base/clock.hpp"
#include "linnet/base/error.hpp"
#include "linnet/base/log.hpp"
#include "linnet/store/store.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

namespace linnet::store {

enum class Synchronous {
  kFull,    // an acknowledged message survives a power loss (SQLite's synchronous=FULL)
  kNormal,  // it survives a crash of the process, but perhaps not of the machine
};

struct SqliteOptions {
  std::filesystem::path directory;  // made if missing, mode 0700
  Synchronous synchronous = Synchronous::kFull;
  std::size_t readers = 2;    // threads, each with its own connection
  std::size_t queue = 65536;  // write jobs that may wait; one more is refused as kServerBusy
  std::size_t batch = 512;    // write jobs in one transaction at most
  // While several write at once, durable transactions begin at least so long after each other:
  // fewer syncs, each for more. Who writes alone does not wait. 0: nobody does.
  std::chrono::microseconds commit_delay{1500};
  // How long the inbox index is built between two commits: whoever sends meanwhile waits for it.
  std::chrono::milliseconds merge_slice{2};
  // Entries in the tail before a merge begins while there is other work. The more there are, the
  // more of them share a page and a run of the index, and the cheaper each is.
  std::size_t merge_after = 524'288;
  // Of the database in memory, for the writer; each reader has a quarter of that beside.
  std::size_t cache_bytes = 64 * 1024 * 1024;
  // Friends of one user, with those who were asked and have not answered; groups that one is in or
  // has asked to join. Beyond it: kTooManyFriends, kTooManyGroups. 0: no limit.
  std::size_t friends_per_user = 0;
  std::size_t groups_per_user = 0;
  // Who signs in on one more is signed out where it was not seen for the longest. 0: no limit.
  std::size_t devices_per_user = 0;
};

// Applies the schema's migrations, rebuilds the inbox tail from the log, and starts the threads.
// Errors (kStorage, with a sentence for the operator): the directory cannot be made or written,
// another process uses it, the schema is newer than this program, the database is damaged.
Result<std::unique_ptr<Store>> open_sqlite(const SqliteOptions& options, const Clock& clock,
                                           Logger& log);

}  // namespace linnet::store
