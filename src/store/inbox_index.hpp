// The inbox index on disk: which message stands at which place of which inbox, as runs.
//
//   inbox:  (inbox_id, seq) → message_id, entries, more
//           entry i of the run stands at seq + i; its message is message_id for i = 0, and for
//           each further one a varint of `more` on top of the message before
//
// Runs of an inbox follow on each other without a gap. What a merge wrote before a crash is written
// again afterwards, from the same place on and at least as far: a run replaces the one at its seq.
#pragma once

#include "connection.hpp"
#include "tail.hpp"

#include <span>
#include <vector>

namespace linnet::store {

// So many small steps between messages fit into a page's cell without overflow pages.
inline constexpr std::size_t kRunEntries = 128;

// Thread, here and below: that of the connection. Errors: kStorage, also for a damaged row.

// `places`: 1 to kRunEntries of them, ascending without a gap.
Status insert_run(Connection& db, InboxId inbox, std::span<const Place> places);
// Highest seq of the inbox in the index; 0: it has nothing there.
Result<Seq> index_head(Connection& db, InboxId inbox);
// Appends the places from `from` to before `end` to `places`, until it has `limit`.
Status read_runs(Connection& db, InboxId inbox, Seq from, Seq end, std::size_t limit,
                 std::vector<Place>& places);

}  // namespace linnet::store
