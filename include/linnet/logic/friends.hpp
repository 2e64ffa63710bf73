// Friends: asking, agreeing, listing, and whether two users may write to each other.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/bounded_cache.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/router/router.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/directory.hpp"
#include "linnet/user/identity.hpp"

#include <utility>

namespace pb {
class AddFriendReq;
class AddFriendResp;
class AgreeAddFriendReq;
class AgreeAddFriendResp;
class BlockUserReq;
class BlockUserResp;
class DeleteFriendReq;
class DeleteFriendResp;
class GetBlockedUsersReq;
class GetBlockedUsersResp;
class GetFriendsReq;
class GetFriendsResp;
class SetFriendReq;
class SetFriendResp;
class UnblockUserReq;
class UnblockUserResp;
}  // namespace pb

namespace linnet::logic {

// Thread: any.
class Friends {
 public:
  Friends(store::Store& store, user::Directory& people, router::Router& router, const Clock& clock)
      : store_(store), people_(people), router_(router), clock_(clock), pairs_(kRememberedPairs) {}

  // Notes the request and tells the other user by an AddFriendPush in its inbox. Asking again, or
  // asking a friend, changes nothing. Errors: kBadRequest (oneself, a text too long),
  // kUserNotExist, kBlocked.
  Async<pb::AddFriendResp> add_friend(const user::Caller& caller, const pb::AddFriendReq& request);
  // Makes both friends and tells the asker by an AgreeAddFriendPush. Errors: kBadRequest (nobody
  // asked).
  Async<pb::AgreeAddFriendResp> agree_add_friend(const user::Caller& caller,
                                                 const pb::AgreeAddFriendReq& request);
  Async<pb::GetFriendsResp> get_friends(const user::Caller& caller,
                                        const pb::GetFriendsReq& request);
  // Errors: kIsNotFriend, kBadRequest (a text too long).
  Async<pb::SetFriendResp> set_friend(const user::Caller& caller, const pb::SetFriendReq& request);
  // The other is not told. What is no friendship nor a request of the caller's stays as it is.
  Async<pb::DeleteFriendResp> delete_friend(const user::Caller& caller,
                                            const pb::DeleteFriendReq& request);
  // Whoever is blocked is told only when it writes or asks. Errors: kBadRequest (oneself),
  // kUserNotExist.
  Async<pb::BlockUserResp> block(const user::Caller& caller, const pb::BlockUserReq& request);
  Async<pb::UnblockUserResp> unblock(const user::Caller& caller, const pb::UnblockUserReq& request);
  Async<pb::GetBlockedUsersResp> get_blocked(const user::Caller& caller,
                                             const pb::GetBlockedUsersReq& request);

  // How `user` stands to `other`, from memory when it was asked before. Errors: kUserNotExist
  // (`other`).
  Async<store::Friendship> friendship(UserId user, UserId other);
  // What is remembered of a user who is no more.
  void forget(UserId user);

 private:
  static constexpr std::size_t kRememberedPairs = 262144;  // about 20 MB
  using Pair = std::pair<UserId, UserId>;
  struct PairHash {
    std::size_t operator()(const Pair& pair) const noexcept {
      return std::hash<UserId>{}(pair.first) * 31 + std::hash<UserId>{}(pair.second);
    }
  };
  void forget(UserId a, UserId b);
  Done<Unit> forget_then(UserId a, UserId b, Done<Unit> done);
  Async<Unit> set_blocked(const user::Caller& caller, UserId other, bool blocked);

  store::Store& store_;
  user::Directory& people_;
  router::Router& router_;
  const Clock& clock_;
  BoundedCache<Pair, store::Friendship, PairHash> pairs_;
};

}  // namespace linnet::logic
