// Friends: asking, agreeing, listing, blocking.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/router/router.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/directory.hpp"
#include "linnet/user/identity.hpp"

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
      : store_(store), people_(people), router_(router), clock_(clock) {}

  // Notes the request and tells the other user by an AddFriendPush in its inbox. Asking again, or
  // asking a friend, changes nothing. Errors: kBadRequest (oneself, a text too long),
  // kUserNotExist, kBlocked, kTooManyFriends.
  Async<pb::AddFriendResp> add_friend(const user::Caller& caller, const pb::AddFriendReq& request);
  // Makes both friends and tells the asker by an AgreeAddFriendPush. Errors: kBadRequest (nobody
  // asked), kTooManyFriends.
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

 private:
  Async<Unit> set_blocked(const user::Caller& caller, UserId other, bool blocked);

  store::Store& store_;
  user::Directory& people_;
  router::Router& router_;
  const Clock& clock_;
};

}  // namespace linnet::logic
