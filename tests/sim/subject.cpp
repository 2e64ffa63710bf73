#include "subject.hpp"

#include "pb/conn.ext.pb.h"
#include "pb/device.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/user.ext.pb.h"

#include <algorithm>
#include <optional>

namespace linnet::sim {

namespace {

constexpr const char* kCode = "123456";

std::string text(std::int64_t number) {
  return std::to_string(number);
}

std::string phone(std::int64_t user) {
  return std::to_string(user * 100);
}

user::AccountOptions account_options() {
  user::AccountOptions options;
  options.fixed_code = kCode;
  options.limit_failures = false;
  return options;
}

logic::GroupOptions group_options() {
  logic::GroupOptions options;
  options.small_members = kSmallMembers;
  return options;
}

logic::MessageOptions message_options() {
  logic::MessageOptions options;
  options.message_bytes = kContentBytes;
  return options;
}

}  // namespace

Subject::Subject(store::Store& store, Network& network, const Clock& clock)
    : store_(store),
      network_(network),
      accounts_(store, clock, log_, account_options()),
      friends_(store, accounts_, network, clock),
      groups_(store, accounts_, network, clock, group_options()),
      messages_(store, accounts_, network, clock, message_options()),
      devices_(store, accounts_, network, clock),
      rooms_(store, clock, network.is(Mutant::kDeafEar)) {
  accounts_.on_revoked([&network](DeviceId device, ErrCode why) { network.dismiss(device, why); });
  network.serve(accounts_, messages_);
}

void Subject::populate() {
  for (int id = 1; id <= kDevices; ++id) {
    pb::RegisterDeviceReq request;
    request.set_type(5);
    for (auto* field : {request.mutable_brand(), request.mutable_model(),
                        request.mutable_system_version(), request.mutable_sdk_version()})
      *field = "x";
    auto made = run(devices_.register_device({}, request));
    if (!made || made->device_id() != id) throw Broken{"a device with another id"};
  }
  for (int user = 1; user <= kUsers; ++user) {
    Call call;
    call.op = Op::kSignIn;
    call.device = user;
    call.user = user;
    call.yes = true;
    if (sign_in(call).code != 0) throw Broken{"a user who may not sign in"};
  }
}

std::string Subject::shown_token(const Call& call) {
  const auto& own = network_.device(call.device).token();
  if (call.proof == Proof::kEnded) return network_.device(call.device).ended_token();
  if (call.proof == Proof::kOwn) return own;
  // The secret of another device under this one's name.
  const auto& another = network_.device(call.device % kDevices + 1).token();
  const auto secret = another.substr(std::min(another.size(), another.rfind('.') + 1));
  return user::make_token(UserId(call.user), DeviceId(call.device), secret);
}

Answer Subject::perform(const Call& call) {
  if (call.op == Op::kSignIn) return sign_in(call);
  auto credentials = user::parse_token(shown_token(call));
  if (!credentials) return {static_cast<int>(ErrCode::kUnauthorized), {}};
  auto identity = wait<user::Identity>(
      [&](Done<user::Identity> done) { accounts_.authenticate(*credentials, std::move(done)); });
  if (!identity) return plain(identity);
  const user::Caller caller{*identity, RequestId(), "sim"};
  switch (call.op) {
    case Op::kSend:
    case Op::kSendToGroup:
    case Op::kAck: return messages(caller, call);
    case Op::kSignOut:
    case Op::kRevoke:
    case Op::kListDevices: return devices(caller, call);
    default: break;
  }
  if (call.op >= Op::kMakeRoom) return rooms(caller, call);
  if (call.op <= Op::kBlocked) return friends(caller, call);
  if (call.op >= Op::kUpdateGroup && call.op <= Op::kDissolve) return change_group(caller, call);
  if (call.op >= Op::kRemoveMember) return membership(caller, call);
  return look_at_group(caller, call);
}

Answer Subject::sign_in(const Call& call) {
  pb::SignInReq request;
  request.set_phone_number(phone(call.user));
  // Of another length than the code that development mode draws, which six digits could be.
  request.set_code(call.yes ? kCode : "wrong");
  request.set_device_id(call.device);
  auto done = run(accounts_.sign_in({}, request));
  auto answer = plain(done);
  if (!done) return answer;
  answer.lines.push_back(text(done->user_id()));
  auto& device = network_.device(call.device);
  const auto former = device.token();
  const auto before = device.device();
  device.signed_in(done->user_id(), done->token());
  // Another user's goes on.
  if (before == device.device()) device.note_ended(former);
  return answer;
}

Answer Subject::friends(const user::Caller& caller, const Call& call) {
  switch (call.op) {
    case Op::kAddFriend: {
      pb::AddFriendReq request;
      request.set_friend_id(call.user);
      request.set_remarks(call.text);
      return plain(run(friends_.add_friend(caller, request)));
    }
    case Op::kAgree: {
      pb::AgreeAddFriendReq request;
      request.set_user_id(call.user);
      request.set_remarks(call.text);
      return plain(run(friends_.agree_add_friend(caller, request)));
    }
    case Op::kDeleteFriend: {
      pb::DeleteFriendReq request;
      request.set_user_id(call.user);
      return plain(run(friends_.delete_friend(caller, request)));
    }
    case Op::kSetFriend: {
      pb::SetFriendReq request;
      request.set_user_id(call.user);
      request.set_remarks(call.text);
      return plain(run(friends_.set_friend(caller, request)));
    }
    case Op::kBlock: {
      pb::BlockUserReq request;
      request.set_user_id(call.user);
      return plain(run(friends_.block(caller, request)));
    }
    case Op::kUnblock: {
      pb::UnblockUserReq request;
      request.set_user_id(call.user);
      return plain(run(friends_.unblock(caller, request)));
    }
    case Op::kFriends: {
      auto list = run(friends_.get_friends(caller, {}));
      auto answer = plain(list);
      if (!list) return answer;
      for (const auto& one : list->friends())
        answer.lines.push_back(text(one.user_id()) + " " + one.remarks());
      return answer;
    }
    default: {
      auto list = run(friends_.get_blocked(caller, {}));
      auto answer = plain(list);
      if (!list) return answer;
      for (auto user : list->user_ids())
        answer.lines.push_back(text(user));
      return answer;
    }
  }
}

Answer Subject::messages(const user::Caller& caller, const Call& call) {
  if (call.op == Op::kAck) {
    pb::AckMessagesReq request;
    request.set_seq(call.number);
    return plain(run(messages_.ack(caller, request)));
  }
  pb::SendMessageReq request;
  request.set_receiver_type(call.op == Op::kSend ? pb::RT_USER : pb::RT_NORMAL_GROUP);
  // What the sender believes a group to be makes no difference.
  if (call.op == Op::kSendToGroup && call.number % 2 == 1)
    request.set_receiver_type(pb::RT_LARGE_GROUP);
  request.set_receiver_id(call.op == Op::kSend ? call.user : call.group);
  request.set_message_type(pb::MT_TEXT);
  request.set_message_content(call.text);
  request.set_is_persist(call.yes);
  request.set_request_id(call.request);
  auto sent = run(messages_.send(caller, request));
  auto answer = plain(sent);
  if (sent) answer.lines.push_back(text(sent->seq()));
  return answer;
}

Answer Subject::devices(const user::Caller& caller, const Call& call) {
  if (call.op == Op::kSignOut) {
    auto out = run(devices_.sign_out(caller, {}));
    auto& device = network_.device(call.device);
    if (out) device.note_ended(device.token());
    return plain(out);
  }
  if (call.op == Op::kRevoke) {
    pb::RevokeDeviceReq request;
    request.set_device_id(call.number);
    return plain(run(devices_.revoke(caller, request)));
  }
  auto list = run(devices_.list(caller, {}));
  auto answer = plain(list);
  if (!list) return answer;
  for (const auto& device : list->devices())
    answer.lines.push_back(text(device.device_id()));
  return answer;
}

std::optional<std::vector<std::string>> Subject::inbox(std::int64_t user, std::int64_t after) {
  std::vector<std::string> lines;
  for (;;) {
    auto page = wait<store::InboxPage>([&](Done<store::InboxPage> done) {
      store_.read_inbox(UserId(user), Seq(after), {}, std::move(done));
    });
    if (!page) return std::nullopt;
    for (const auto& entry : page->entries) {
      if (entry.seq.value() != ++after) throw Broken{"an inbox with a gap"};
      lines.push_back(line_of(entry.message));
    }
    if (page->entries.empty()) return lines;
  }
}

}  // namespace linnet::sim
