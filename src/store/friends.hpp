// Friend requests and friendships in their table: the functions of FriendStore, on a connection.
// Those that write run inside the writer's transaction, within a savepoint.
#pragma once

#include "connection.hpp"
#include "message_log.hpp"

#include "linnet/store/types.hpp"

#include <vector>

namespace linnet::store {

struct Agreement {
  UserId user;
  UserId asker;
  std::string remarks;
  Millis now;
};

// `most`: of friends and open requests of one user; 0 for no limit.
Result<Appended> request_friend(Connection& db, MessageLog& log, const FriendRequest& request,
                                const NewMessage& notice, std::size_t most);
Result<Appended> agree_friend(Connection& db, MessageLog& log, const Agreement& agreement,
                              const NewMessage& notice, std::size_t most);
Result<bool> blocks(Connection& db, UserId blocker, UserId blocked);
Result<Friendship> friendship(Connection& db, UserId user, UserId other);
Result<std::vector<Friend>> friends(Connection& db, UserId user, UserId after, std::size_t limit);
Status delete_friend(Connection& db, UserId user, UserId other);
Status set_friend(Connection& db, UserId user, const Friend& entry, Millis now);

Status set_blocked(Connection& db, UserId user, UserId other, bool blocked, Millis now);
Result<std::vector<UserId>> blocked(Connection& db, UserId user, UserId after, std::size_t limit);

}  // namespace linnet::store
