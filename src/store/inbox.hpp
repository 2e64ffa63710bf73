// Reads an inbox: what the index has and the unmerged tail, as one list without gap or repeat.
#pragma once

#include "acks.hpp"
#include "connection.hpp"
#include "tail.hpp"

#include "linnet/store/types.hpp"

namespace linnet::store {

// As MessageStore's functions of the same names. Error: kStorage, also when entries are missing:
// better no page than one with a silent gap. Thread: the connection's.
Result<InboxPage> read_inbox(Connection& db, const Tail& tail, InboxId inbox, Seq after,
                             PageLimit limit);
Result<Seq> head(Connection& db, const Tail& tail, InboxId inbox);
Result<Seq> acknowledged(Connection& db, const Tail& tail, const Acks& acks, UserId user);
Result<Seq> acknowledged_by(Connection& db, UserId user, DeviceId device);

}  // namespace linnet::store
