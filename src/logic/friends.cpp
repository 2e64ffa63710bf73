#include "linnet/logic/friends.hpp"

#include "deliver.hpp"
#include "notices.hpp"
#include "pages.hpp"
#include "pb/conn.ext.pb.h"
#include "profiles.hpp"
#include "texts.hpp"

#include "linnet/logic/messages.hpp"

namespace linnet::logic {
namespace {

constexpr std::size_t kFriendsAtOnce = 100'000;  // an old client expects all of them
constexpr std::size_t kBlockedAtOnce = 10'000;

}  // namespace

Async<pb::AddFriendResp> Friends::add_friend(const user::Caller& caller,
                                             const pb::AddFriendReq& request) {
  const auto self = caller.identity.user;
  const UserId other(request.friend_id());
  if (other == self) co_return Error(ErrCode::kBadRequest, "friend_id: that is yourself");
  auto checked = check_notes(request.remarks(), {});
  if (checked) checked = check_text("description", request.description(), kDescriptionBytes);
  if (!checked) co_return checked.take_error();
  std::vector<UserId> both{self, other};
  auto known = co_await know(people_, std::move(both));
  if (!known) co_return known.take_error();
  auto me = co_await profile(store_, people_, self);
  if (!me) co_return me.take_error();

  pb::AddFriendPush push;
  push.set_friend_id(self.value());
  push.set_nickname(me->nickname);
  push.set_avatar_url(me->avatar_url);
  push.set_description(request.description());
  store::FriendRequest asked;
  asked.from = self;
  asked.to = other;
  asked.remarks = request.remarks();
  asked.description = request.description();
  asked.now = clock_.wall();
  auto told = command_to_user(other, pb::PC_ADD_FRIEND, push, asked.now);
  auto encoded = push_of(told.message);
  auto done = co_await wait_for<store::Appended>([&](Done<store::Appended> completed) {
    store_.request_friend(asked, std::move(told),
                          deliver_then(router_, encoded, std::move(completed)));
  });
  if (!done) co_return done.take_error();
  co_return pb::AddFriendResp();
}

Async<pb::AgreeAddFriendResp> Friends::agree_add_friend(const user::Caller& caller,
                                                        const pb::AgreeAddFriendReq& request) {
  const auto self = caller.identity.user;
  const UserId asker(request.user_id());
  auto checked = check_notes(request.remarks(), {});
  if (!checked) co_return checked.take_error();
  auto me = co_await profile(store_, people_, self);
  if (!me) co_return me.take_error();

  pb::AgreeAddFriendPush push;
  push.set_friend_id(self.value());
  push.set_nickname(me->nickname);
  push.set_avatar_url(me->avatar_url);
  auto now = clock_.wall();
  auto told = command_to_user(asker, pb::PC_AGREE_ADD_FRIEND, push, now);
  auto encoded = push_of(told.message);
  auto done = co_await wait_for<store::Appended>([&](Done<store::Appended> completed) {
    store_.agree_friend(self, asker, request.remarks(), now, std::move(told),
                        deliver_then(router_, encoded, std::move(completed)));
  });
  if (!done) co_return done.take_error();
  co_return pb::AgreeAddFriendResp();
}

Async<pb::GetFriendsResp> Friends::get_friends(const user::Caller& caller,
                                               const pb::GetFriendsReq& request) {
  auto page = page_of(request, kFriendsAtOnce);
  if (!page) co_return page.take_error();
  pb::GetFriendsResp response;
  const auto read = [&](std::int64_t after, std::size_t most,
                        Done<std::vector<store::Friend>> done) {
    store_.friends(caller.identity.user, UserId(after), most, std::move(done));
  };
  const auto add = [&](const store::Friend& entry) {
    auto* one = response.add_friends();
    one->set_user_id(entry.user.id.value());
    one->set_phone_number(entry.user.phone_number);
    one->set_nickname(entry.user.nickname);
    one->set_sex(entry.user.sex);
    one->set_avatar_url(entry.user.avatar_url);
    one->set_user_extra(entry.user.extra);
    one->set_remarks(entry.remarks);
    one->set_extra(entry.extra);
    one->set_online(router_.online(entry.user.id));
    if (!one->online()) one->set_last_seen(entry.seen.value());
    return std::pair(entry.user.id.value(), one->ByteSizeLong());
  };
  auto filled = co_await fill<store::Friend>(*page, response, read, add);
  if (!filled) co_return filled.take_error();
  co_return response;
}

Async<pb::SetFriendResp> Friends::set_friend(const user::Caller& caller,
                                             const pb::SetFriendReq& request) {
  auto checked = check_notes(request.remarks(), request.extra());
  if (!checked) co_return checked.take_error();
  auto set = co_await wait_for<Unit>([&](Done<Unit> done) {
    store_.set_friend(caller.identity.user, UserId(request.user_id()), request.remarks(),
                      request.extra(), clock_.wall(), std::move(done));
  });
  if (!set) co_return set.take_error();
  co_return pb::SetFriendResp();
}

Async<pb::DeleteFriendResp> Friends::delete_friend(const user::Caller& caller,
                                                   const pb::DeleteFriendReq& request) {
  const auto self = caller.identity.user;
  const UserId other(request.user_id());
  auto deleted = co_await wait_for<Unit>(
      [&](Done<Unit> done) { store_.delete_friend(self, other, std::move(done)); });
  if (!deleted) co_return deleted.take_error();
  co_return pb::DeleteFriendResp();
}

Async<Unit> Friends::set_blocked(const user::Caller& caller, UserId other, bool blocked) {
  const auto self = caller.identity.user;
  if (other == self) co_return Error(ErrCode::kBadRequest, "user_id: that is yourself");
  std::vector<UserId> one(1, other);
  auto known = co_await know(people_, std::move(one));
  if (!known) co_return known.take_error();
  auto set = co_await wait_for<Unit>([&](Done<Unit> done) {
    store_.set_blocked(self, other, blocked, clock_.wall(), std::move(done));
  });
  co_return set;
}

Async<pb::BlockUserResp> Friends::block(const user::Caller& caller,
                                        const pb::BlockUserReq& request) {
  auto set = co_await set_blocked(caller, UserId(request.user_id()), true);
  if (!set) co_return set.take_error();
  co_return pb::BlockUserResp();
}

Async<pb::UnblockUserResp> Friends::unblock(const user::Caller& caller,
                                            const pb::UnblockUserReq& request) {
  auto set = co_await set_blocked(caller, UserId(request.user_id()), false);
  if (!set) co_return set.take_error();
  co_return pb::UnblockUserResp();
}

Async<pb::GetBlockedUsersResp> Friends::get_blocked(const user::Caller& caller,
                                                    const pb::GetBlockedUsersReq& request) {
  auto page = page_of(request, kBlockedAtOnce);
  if (!page) co_return page.take_error();
  auto found = co_await wait_for<std::vector<UserId>>([&](Done<std::vector<UserId>> done) {
    store_.blocked(caller.identity.user, UserId(page->after), page->read(), std::move(done));
  });
  if (!found) co_return found.take_error();
  pb::GetBlockedUsersResp response;
  cut(*found, *page, response);
  for (auto user : *found)
    response.add_user_ids(user.value());
  co_return response;
}

}  // namespace linnet::logic
