#include "linnet/logic/friends.hpp"

#include "deliver.hpp"
#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/push.ext.pb.h"

#include "linnet/logic/messages.hpp"

namespace linnet::logic {
namespace {

constexpr std::size_t kRemarksBytes = 256;
constexpr std::size_t kDescriptionBytes = 1024;
constexpr std::size_t kFriendsListed = 100'000;

// A command of the server's own into one user's inbox.
store::NewMessage notice(UserId to, pb::PushCode code, const google::protobuf::Message& data,
                         Millis now) {
  pb::Command command;
  command.set_code(code);
  command.set_data(data.SerializeAsString());
  store::NewMessage result;
  result.message.sender_type = pb::ST_SYSTEM;
  result.message.receiver_type = pb::RT_USER;
  result.message.receiver_id = to.value();
  result.message.type = pb::MT_COMMAND;
  result.message.content = command.SerializeAsString();
  result.message.send_time = now;
  result.message.status = pb::MS_NORMAL;
  result.recipients.push_back(to);
  return result;
}

Async<store::User> profile(store::AccountStore& store, UserId user) {
  auto found = co_await wait_for<std::optional<store::User>>(
      [&](Done<std::optional<store::User>> done) { store.get_user(user, std::move(done)); });
  if (!found) co_return found.take_error();
  if (!*found) co_return Error(ErrCode::kUserNotExist);
  co_return std::move(**found);
}

}  // namespace

void Friends::forget(UserId a, UserId b) {
  pairs_.erase({a, b});
  pairs_.erase({b, a});
}

Async<store::Friendship> Friends::friendship(UserId user, UserId other) {
  const Pair pair{user, other};
  if (auto known = pairs_.get(pair)) co_return *known;
  auto version = pairs_.version();
  auto found = co_await wait_for<store::Friendship>(
      [&](Done<store::Friendship> done) { store_.friendship(user, other, std::move(done)); });
  if (found) pairs_.put(pair, *found, version);
  co_return found;
}

Async<pb::AddFriendResp> Friends::add_friend(const user::Caller& caller,
                                             const pb::AddFriendReq& request) {
  const auto self = caller.identity.user;
  const UserId other(request.friend_id());
  if (other == self) co_return Error(ErrCode::kBadRequest, "friend_id: that is yourself");
  if (request.remarks().size() > kRemarksBytes || request.description().size() > kDescriptionBytes)
    co_return Error(ErrCode::kBadRequest, "remarks: at most 256 bytes; description: at most 1024");
  auto me = co_await profile(store_, self);
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
  auto told = notice(other, pb::PC_ADD_FRIEND, push, asked.now);
  auto encoded = std::make_shared<const wire::Push>(to_item(told.message));
  auto done = co_await wait_for<store::Appended>([&](Done<store::Appended> completed) {
    store_.request_friend(asked, std::move(told),
                          deliver_then(router_, encoded, std::move(completed)));
  });
  forget(self, other);
  if (!done) co_return done.take_error();
  co_return pb::AddFriendResp();
}

Async<pb::AgreeAddFriendResp> Friends::agree_add_friend(const user::Caller& caller,
                                                        const pb::AgreeAddFriendReq& request) {
  const auto self = caller.identity.user;
  const UserId asker(request.user_id());
  if (request.remarks().size() > kRemarksBytes)
    co_return Error(ErrCode::kBadRequest, "remarks: at most 256 bytes");
  auto me = co_await profile(store_, self);
  if (!me) co_return me.take_error();

  pb::AgreeAddFriendPush push;
  push.set_friend_id(self.value());
  push.set_nickname(me->nickname);
  push.set_avatar_url(me->avatar_url);
  auto now = clock_.wall();
  auto told = notice(asker, pb::PC_AGREE_ADD_FRIEND, push, now);
  auto encoded = std::make_shared<const wire::Push>(to_item(told.message));
  auto done = co_await wait_for<store::Appended>([&](Done<store::Appended> completed) {
    auto deliver = deliver_then(router_, encoded, std::move(completed));
    // Forgotten before anybody can hear of the friendship and rely on it.
    Done<store::Appended> forget_first = [this, self, asker, deliver = std::move(deliver)](
                                             Result<store::Appended> appended) mutable {
      forget(self, asker);
      deliver(std::move(appended));
    };
    store_.agree_friend(self, asker, request.remarks(), now, std::move(told),
                        std::move(forget_first));
  });
  if (!done) co_return done.take_error();
  co_return pb::AgreeAddFriendResp();
}

Async<pb::GetFriendsResp> Friends::get_friends(const user::Caller& caller,
                                               const pb::GetFriendsReq&) {
  auto found =
      co_await wait_for<std::vector<store::Friend>>([&](Done<std::vector<store::Friend>> done) {
        store_.friends(caller.identity.user, UserId(), kFriendsListed, std::move(done));
      });
  if (!found) co_return found.take_error();
  pb::GetFriendsResp response;
  for (const auto& entry : *found) {
    auto* one = response.add_friends();
    one->set_user_id(entry.user.id.value());
    one->set_phone_number(entry.user.phone_number);
    one->set_nickname(entry.user.nickname);
    one->set_sex(entry.user.sex);
    one->set_avatar_url(entry.user.avatar_url);
    one->set_user_extra(entry.user.extra);
    one->set_remarks(entry.remarks);
    one->set_extra(entry.extra);
  }
  co_return response;
}

}  // namespace linnet::logic
