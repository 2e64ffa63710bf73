// Friends: asking, agreeing, listing, and whether two users may write to each other.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/bounded_cache.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/router/router.hpp"
#include "linnet/store/store.hpp"
#include "linnet/user/identity.hpp"

#include <utility>

namespace pb {
class AddFriendReq;
class AddFriendResp;
class AgreeAddFriendReq;
class AgreeAddFriendResp;
class GetFriendsReq;
class GetFriendsResp;
}  // namespace pb

namespace linnet::logic {

// Thread: any.
class Friends {
 public:
  Friends(store::Store& store, router::Router& router, const Clock& clock)
      : store_(store), router_(router), clock_(clock), pairs_(kRememberedPairs) {}

  // Notes the request and tells the other user by an AddFriendPush in its inbox. Asking again, or
  // asking a friend, changes nothing. Errors: kBadRequest (oneself, a text too long),
  // kUserNotExist.
  Async<pb::AddFriendResp> add_friend(const user::Caller& caller, const pb::AddFriendReq& request);
  // Makes both friends and tells the asker by an AgreeAddFriendPush. Errors: kBadRequest (nobody
  // asked).
  Async<pb::AgreeAddFriendResp> agree_add_friend(const user::Caller& caller,
                                                 const pb::AgreeAddFriendReq& request);
  Async<pb::GetFriendsResp> get_friends(const user::Caller& caller,
                                        const pb::GetFriendsReq& request);

  // How `user` stands to `other`, from memory when it was asked before. Errors: kUserNotExist
  // (`other`).
  Async<store::Friendship> friendship(UserId user, UserId other);

 private:
  static constexpr std::size_t kRememberedPairs = 262144;  // about 20 MB
  using Pair = std::pair<UserId, UserId>;
  struct PairHash {
    std::size_t operator()(const Pair& pair) const noexcept {
      return std::hash<UserId>{}(pair.first) * 31 + std::hash<UserId>{}(pair.second);
    }
  };
  void forget(UserId a, UserId b);

  store::Store& store_;
  router::Router& router_;
  const Clock& clock_;
  BoundedCache<Pair, store::Friendship, PairHash> pairs_;
};

}  // namespace linnet::logic
