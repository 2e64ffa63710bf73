// Messages and calls in words.
#include "network.hpp"
#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/push.ext.pb.h"

#include <algorithm>

namespace linnet::sim {

namespace {

std::string number(std::int64_t value) {
  return std::to_string(value);
}

template <class Push>
Push read(const pb::Command& command) {
  Push push;
  if (!push.ParseFromString(command.data())) throw Broken{"a command that cannot be read"};
  return push;
}

std::string line_of(const pb::Command& command, const std::string& notice) {
  switch (command.code()) {
    case pb::PC_ADD_FRIEND:
      return "asked by " + number(read<pb::AddFriendPush>(command).friend_id());
    case pb::PC_AGREE_ADD_FRIEND:
      return "agreed by " + number(read<pb::AgreeAddFriendPush>(command).friend_id());
    case pb::PC_UPDATE_GROUP: {
      const auto push = read<pb::UpdateGroupPush>(command);
      return notice + (push.dissolved() ? "dissolved by " : "changed by ") + number(push.user_id());
    }
    case pb::PC_ADD_GROUP_MEMBERS: {
      const auto push = read<pb::AddGroupMembersPush>(command);
      auto line = notice + "added by " + number(push.user_id()) + ":";
      for (const auto& member : push.members())
        line += " " + number(member.user_id());
      return line;
    }
    case pb::PC_REMOVE_GROUP_MEMBER: {
      const auto push = read<pb::RemoveGroupMemberPush>(command);
      return notice + "removed by " + number(push.user_id()) + ": " +
             number(push.deleted_user_id());
    }
    default: throw Broken{"a command that is not known"};
  }
}

constexpr const char* kNames[] = {
    "add friend",    "agree",          "delete friend", "set friend",    "block",
    "unblock",       "friends",        "blocked",       "send",          "send to group",
    "ack",           "create group",   "get group",     "list groups",   "members",
    "join requests", "sync group",     "ack group",     "update group",  "settings",
    "mute group",    "grow",           "dissolve",      "remove member", "leave",
    "set role",      "transfer",       "add members",   "join",          "answer request",
    "note member",   "mute member",    "sign in",       "sign out",      "revoke",
    "list devices",  "make room",      "enter room",    "leave room",    "publish",
    "room role",     "mute room user", "ban room user", "mute room",     "delete room"};
static_assert(std::size(kNames) == kOps);

}  // namespace

std::string line_of(const pb::MessageItem& item) {
  const auto to = number(item.receiver_type()) + "/" + number(item.receiver_id());
  if (item.message_type() != pb::MT_COMMAND)
    return number(item.sender_id()) + " on " + number(item.sender_device_id()) + " to " + to +
           ": " + item.message_content();
  pb::Command command;
  if (!command.ParseFromString(item.message_content())) throw Broken{"a command that is none"};
  return line_of(command, "notice to " + to + ": ");
}

std::string line_of(const store::Message& message) {
  return line_of(logic::to_item(message));
}

std::string describe(const Call& call) {
  std::string line = "device " + number(call.device) + ": " + kNames[static_cast<int>(call.op)];
  if (call.proof != Proof::kOwn)
    line += call.proof == Proof::kEnded ? " [ended token]" : " [forged token]";
  line += " user " + number(call.user) + " other " + number(call.other) + " group " +
          number(call.group) + " number " + number(call.number) + " request " +
          number(call.request) + (call.yes ? " yes" : " no");
  if (call.op >= Op::kMakeRoom) line += " room " + number(call.room);
  return line + " text " + call.text.substr(0, 12);
}

}  // namespace linnet::sim
