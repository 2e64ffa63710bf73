#include "standings.hpp"

#include "erasure.hpp"
#include "friends.hpp"

namespace linnet::store {

Status Standings::check(UserId sender, UserId receiver, bool friends_only) {
  auto standing = find(sender, receiver);
  if (!standing) return standing.take_error();
  if (*standing == Friendship::kBlocked) return Error(ErrCode::kBlocked);
  if (friends_only && *standing != Friendship::kFriends) return Error(ErrCode::kIsNotFriend);
  return success();
}

Result<Friendship> Standings::find(UserId sender, UserId receiver) {
  const Pair pair(sender, receiver);
  if (auto known = known_.get(pair)) return *known;
  // Its call may have been admitted before the sender was erased.
  auto erased = was_erased(db_, sender);
  if (!erased) return erased.take_error();
  if (*erased) return Error(ErrCode::kUnauthorized);
  Result<Friendship> found = Friendship::kFriends;
  if (receiver != sender) found = friendship(db_, sender, receiver);
  if (found && changed_after_ != log_.commits()) known_.put(pair, *found, known_.version());
  return found;
}

void Standings::note_change(UserId a, UserId b) {
  note_new();
  known_.erase({a, b});
  known_.erase({b, a});
}

void Standings::note_end(UserId user) {
  note_new();
  known_.erase_if([&](const Pair& pair) { return pair.first == user || pair.second == user; });
}

}  // namespace linnet::store
