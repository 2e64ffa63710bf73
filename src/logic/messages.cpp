#include "linnet/logic/messages.hpp"

#include "deliver.hpp"
#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/logic.int.pb.h"
#include "profiles.hpp"

#include <algorithm>

namespace linnet::logic {
namespace {

constexpr std::int64_t kDay = 24 * 60 * 60 * 1000;

// A client's clock may be wrong, but a message is not from the far future, nor from before there
// were clients.
Millis plausible_time(std::int64_t told, Millis now) {
  if (told <= 0 || told > now.value() + kDay) return now;
  return Millis(told);
}

store::Message to_message(const user::Caller& caller, const pb::SendMessageReq& request,
                          Millis now) {
  store::Message message;
  message.request_id =
      request.request_id() != 0 ? RequestId(request.request_id()) : caller.request_id;
  message.sender_type = pb::ST_USER;
  message.sender_id = caller.identity.user.value();
  message.sender_device_id = caller.identity.device;
  message.receiver_type = request.receiver_type();
  message.receiver_id = request.receiver_id();
  for (auto id : request.to_user_ids())
    message.mentions.emplace_back(id);
  message.type = request.message_type();
  message.content = request.message_content();
  message.send_time = plausible_time(request.send_time(), now);
  message.status = pb::MS_NORMAL;
  return message;
}

Result<pb::SendMessageResp> answer(const Result<store::Appended>& appended) {
  if (!appended) return Error(appended.error());
  pb::SendMessageResp response;
  response.set_seq(appended->sender_seq.value());
  return response;
}

bool to_group(const pb::SendMessageReq& request) {
  return request.receiver_type() == pb::RT_NORMAL_GROUP ||
         request.receiver_type() == pb::RT_LARGE_GROUP;
}

}  // namespace

pb::MessageItem to_item(const store::Message& message) {
  pb::MessageItem item;
  item.set_request_id(message.request_id.value());
  item.set_sender_type(static_cast<pb::SenderType>(message.sender_type));
  item.set_sender_id(message.sender_id);
  // Below 0: an API key, which is nobody's business.
  item.set_sender_device_id(std::max<std::int64_t>(message.sender_device_id.value(), 0));
  item.set_receiver_type(static_cast<pb::ReceiverType>(message.receiver_type));
  item.set_receiver_id(message.receiver_id);
  for (auto user : message.mentions)
    item.add_to_user_ids(user.value());
  item.set_message_type(static_cast<pb::MessageType>(message.type));
  item.set_message_content(message.content);
  item.set_send_time(message.send_time.value());
  item.set_status(static_cast<pb::MessageStatus>(message.status));
  return item;
}

Status Messages::check_shape(const pb::SendMessageReq& request) const {
  if (request.receiver_type() != pb::RT_USER && !to_group(request))
    return Error(ErrCode::kBadRequest, "receiver_type: RT_USER, RT_NORMAL_GROUP or RT_LARGE_GROUP");
  if (request.receiver_id() < 1)
    return Error(ErrCode::kBadRequest, "receiver_id: a user's or a group's id");
  if (request.message_type() == pb::MT_UNKNOWN || !pb::MessageType_IsValid(request.message_type()))
    return Error(ErrCode::kBadRequest, "message_type: MT_TEXT to MT_CUSTOM");
  if (request.message_content().size() > options_.message_bytes)
    return Error(ErrCode::kTooLarge,
                 "message_content: at most " + std::to_string(options_.message_bytes) + " bytes");
  if (static_cast<std::size_t>(request.to_user_ids_size()) > options_.mentions)
    return Error(ErrCode::kTooLarge, "to_user_ids: at most " + std::to_string(options_.mentions));
  if (request.request_id() < 0) return Error(ErrCode::kBadRequest, "request_id: 0 or more");
  return success();
}

Async<Unit> Messages::check_standing(UserId sender, UserId receiver) {
  if (receiver == sender) co_return Unit{};
  auto standing = co_await wait_for<store::Friendship>(
      [&](Done<store::Friendship> done) { store_.friendship(sender, receiver, std::move(done)); });
  if (!standing) co_return standing.take_error();
  if (*standing == store::Friendship::kBlocked) co_return Error(ErrCode::kBlocked);
  if (options_.require_friendship && *standing != store::Friendship::kFriends)
    co_return Error(ErrCode::kIsNotFriend);
  co_return Unit{};
}

Async<pb::SendMessageResp> Messages::send(const user::Caller& caller,
                                          const pb::SendMessageReq& request) {
  auto shape = check_shape(request);
  if (!shape) co_return shape.take_error();
  if (to_group(request)) {
    auto message = to_message(caller, request, clock_.wall());
    co_return co_await send_to_group(std::move(message), request.is_persist());
  }
  co_return co_await send_to_user(caller, request);
}

Async<pb::SendMessageResp> Messages::send_from_server(const user::Caller& caller,
                                                      const pb::SendMessageReq& request) {
  auto shape = check_shape(request);
  if (!shape) co_return shape.take_error();
  auto type = request.sender_type() == pb::ST_UNKNOWN ? pb::ST_BUSINESS : request.sender_type();
  if (type != pb::ST_BUSINESS && type != pb::ST_SYSTEM)
    co_return Error(ErrCode::kBadRequest, "sender_type: ST_BUSINESS or ST_SYSTEM");
  store::NewMessage message;
  message.message = to_message(caller, request, clock_.wall());
  message.message.sender_type = type;
  message.message.sender_id = request.sender_id();
  // Devices count from 1 up, keys from -1 down: so a retry is known as a device's is.
  message.message.sender_device_id = DeviceId(-caller.key.value());
  if (to_group(request))
    co_return co_await send_to_group(std::move(message.message), request.is_persist());
  auto receiver = co_await profile(store_, people_, UserId(request.receiver_id()));
  if (!receiver) co_return receiver.take_error();
  message.recipients.push_back(receiver->id);
  auto push = push_of(message.message);
  if (!request.is_persist()) {
    pass_to_users(message.recipients, push);
    co_return pb::SendMessageResp();
  }
  auto appended = co_await wait_for<store::Appended>([&](Done<store::Appended> done) {
    store_.append(std::move(message), deliver_then(router_, push, std::move(done)));
  });
  co_return answer(appended);
}

Async<pb::BroadcastResp> Messages::broadcast(const user::Caller&, const pb::BroadcastReq& request) {
  if (request.message_type() == pb::MT_UNKNOWN || !pb::MessageType_IsValid(request.message_type()))
    co_return Error(ErrCode::kBadRequest, "message_type: MT_TEXT to MT_CUSTOM");
  if (request.message_content().size() > options_.message_bytes)
    co_return Error(ErrCode::kTooLarge, "message_content: at most " +
                                            std::to_string(options_.message_bytes) + " bytes");
  const auto sender =
      request.sender_type() == pb::ST_UNKNOWN ? pb::ST_BUSINESS : request.sender_type();
  if (sender != pb::ST_BUSINESS && sender != pb::ST_SYSTEM)
    co_return Error(ErrCode::kBadRequest, "sender_type: ST_BUSINESS or ST_SYSTEM");
  pb::MessageItem item;
  item.set_sender_type(sender);
  item.set_sender_id(request.sender_id());
  item.set_receiver_type(pb::RT_USER);  // whom it goes to, who reads it knows
  item.set_message_type(request.message_type());
  item.set_message_content(request.message_content());
  item.set_send_time(clock_.wall().value());
  item.set_status(pb::MS_NORMAL);
  pb::BroadcastResp response;
  response.set_devices(static_cast<std::int64_t>(router_.connected()));
  auto begun = router_.broadcast(std::make_shared<const wire::Push>(std::move(item)));
  if (!begun) co_return begun.take_error();
  co_return response;
}

Async<pb::SendMessageResp> Messages::send_to_user(const user::Caller& caller,
                                                  const pb::SendMessageReq& request) {
  auto sent = co_await try_to_user(caller, request);
  if (sent.code() != ErrCode::kUserNotExist) co_return sent;
  // Perhaps the store does not know it yet.
  std::vector<UserId> receiver(1, UserId(request.receiver_id()));
  auto known = co_await know(people_, std::move(receiver));
  if (!known) co_return known.take_error();
  co_return co_await try_to_user(caller, request);
}

Async<pb::SendMessageResp> Messages::try_to_user(const user::Caller& caller,
                                                 const pb::SendMessageReq& request) {
  const UserId sender = caller.identity.user;
  const UserId receiver(request.receiver_id());
  auto message = to_message(caller, request, clock_.wall());
  auto push = push_of(message);
  if (!request.is_persist()) {
    auto checked = co_await check_standing(sender, receiver);
    if (!checked) co_return checked.take_error();
    std::vector<UserId> both{sender};
    if (receiver != sender) both.push_back(receiver);
    pass_to_users(both, push);
    co_return pb::SendMessageResp();
  }
  auto appended = co_await wait_for<store::Appended>([&](Done<store::Appended> done) {
    store_.append_to_user(std::move(message), options_.require_friendship,
                          deliver_then(router_, push, std::move(done)));
  });
  co_return answer(appended);
}

// To whoever is connected, stored nowhere.
void Messages::pass_to_users(const std::vector<UserId>& users, const wire::PushPtr& push) {
  std::vector<router::Delivery> deliveries;
  deliveries.reserve(users.size());
  for (auto user : users)
    deliveries.push_back({user, Seq()});
  router_.deliver(deliveries, push);
}

Async<pb::SendMessageResp> Messages::send_to_group(store::Message message, bool persist) {
  const GroupId group(message.receiver_id);
  if (!persist) {
    auto passed = co_await pass_to_group(group, std::move(message));
    if (!passed) co_return passed.take_error();
    co_return pb::SendMessageResp();
  }
  auto appended = co_await wait_for<store::GroupAppended>([&](Done<store::GroupAppended> done) {
    store_.append_to_group(group, message,
                           deliver_to_group_then(router_, message, std::move(done)));
  });
  if (!appended) co_return appended.take_error();
  pb::SendMessageResp response;
  response.set_seq(appended->appended.sender_seq.value());
  co_return response;
}

Async<Unit> Messages::pass_to_group(GroupId group, store::Message message) {
  auto audience = co_await wait_for<store::Audience>([&](Done<store::Audience> done) {
    const bool user = message.sender_type == pb::ST_USER;
    store_.audience(group, UserId(user ? message.sender_id : 0), std::move(done));
  });
  if (!audience) co_return audience.take_error();
  const bool large = audience->type == store::kLargeGroup;
  message.receiver_type = large ? pb::RT_LARGE_GROUP : pb::RT_NORMAL_GROUP;
  auto push = push_of(message);
  if (large) {
    router_.deliver_to_group(group, Seq(), push);
  } else {
    pass_to_users(audience->members, push);
  }
  co_return Unit{};
}

Async<pb::AckMessagesResp> Messages::ack(const user::Caller& caller,
                                         const pb::AckMessagesReq& request) {
  if (request.seq() < 1) co_return Error(ErrCode::kBadRequest, "seq: 1 or more");
  // What comes next is not acknowledged: it would be hidden from the user's next device.
  auto head = co_await wait_for<Seq>(
      [&](Done<Seq> done) { store_.head(caller.identity.user, std::move(done)); });
  if (!head) co_return head.take_error();
  acknowledge(caller.identity.user, caller.identity.device, std::min(Seq(request.seq()), *head));
  co_return pb::AckMessagesResp();
}

void Messages::follow_groups(UserId user, Done<Unit> done) {
  // Most users are in no large group: that is found without waiting for the writer.
  auto in_order = [this, user, done = std::move(done)](Result<std::vector<GroupId>> some) mutable {
    if (!some) return done(some.take_error());
    if (some->empty()) return done(success());
    store_.large_groups_in_order(
        user, [this, user, done = std::move(done)](Result<std::vector<GroupId>> groups) mutable {
          if (!groups) return done(groups.take_error());
          for (auto group : *groups)
            router_.follow(user, group);
          done(success());
        });
  };
  store_.large_groups(user, std::move(in_order));
}

void Messages::sync_start(UserId user, Seq seq, Done<Seq> done) {
  if (seq) {
    done(seq);
  } else {
    store_.acknowledged(user, std::move(done));
  }
}

}  // namespace linnet::logic
