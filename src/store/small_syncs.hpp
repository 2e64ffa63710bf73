// The database file written in portions, each synced before the next.
//
// A sync of the write-ahead log waits until the disk has taken what was handed to it before, so
// the one sync at the end of a checkpoint makes all senders wait for all of its pages: beside
// 1,000 pages three times a second, 9.5 % of the time was spent in syncs of the log of more than
// 5 ms; with a sync after every 64 of them 0.6 %, and the checkpoint takes as long. The longest of
// a full store's commits went from 100 to 17 ms.
#pragma once

#include "connection.hpp"

#include <atomic>

namespace linnet::store {

// From now on what `db` writes to its database file, not to the log, is synced so. For a connection
// that writes much beside one that commits. What it returns lives as long as the connection, may be
// set by any thread, and turns the portions off: where nobody commits they only take longer.
// Error: kStorage. Thread: the connection's.
Result<std::atomic<bool>*> sync_in_portions(Connection& db);

}  // namespace linnet::store
