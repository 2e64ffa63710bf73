// Messages as lines of text.
#include "chat/show.hpp"

#include "common/printable.hpp"
#include "pb/push.ext.pb.h"

#include <ctime>
#include <iostream>

namespace linnet::chat {
namespace {

using example::printable;

std::string content_of(const pb::MessageItem& item) {
  pb::Text text;
  pb::File file;
  pb::Location location;
  const auto& bytes = item.message_content();
  switch (item.message_type()) {
    case pb::MT_TEXT:
      if (text.ParseFromString(bytes)) return printable(text.text());
      break;
    case pb::MT_FILE:
      if (file.ParseFromString(bytes)) return "(the file " + printable(file.name()) + ")";
      break;
    case pb::MT_LOCATION:
      if (location.ParseFromString(bytes)) return "(the place " + printable(location.desc()) + ")";
      break;
    case pb::MT_FACE: return "(a face)";
    case pb::MT_VOICE: return "(a voice message)";
    case pb::MT_IMAGE: return "(an image)";
    default: break;
  }
  return "(a message that this program cannot show)";
}

// What the server itself tells; empty when it is nothing for people.
std::string describe_command(const pb::MessageItem& item) {
  pb::Command command;
  if (!command.ParseFromString(item.message_content())) return {};
  if (command.code() == pb::PC_ADD_FRIEND) {
    pb::AddFriendPush push;
    if (!push.ParseFromString(command.data())) return {};
    auto line = full_name(UserId(push.friend_id()), push.nickname()) + " asks to be your friend";
    if (!push.description().empty()) line += ": " + printable(push.description());
    return line + ". Type /agree " + std::to_string(push.friend_id()) + " to agree";
  }
  if (command.code() == pb::PC_AGREE_ADD_FRIEND) {
    pb::AgreeAddFriendPush push;
    if (!push.ParseFromString(command.data())) return {};
    return full_name(UserId(push.friend_id()), push.nickname()) + " is now your friend. Type /to " +
           std::to_string(push.friend_id()) + " to write";
  }
  return {};
}

}  // namespace

void Screen::say(std::string_view line) {
  std::lock_guard lock(mutex_);
  std::cout << line << std::endl;
}

std::string clock_time(Millis time) {
  const auto seconds = static_cast<std::time_t>(time.value() / 1000);
  const auto now = std::time(nullptr);
  std::tm then{};
  std::tm today{};
  if (::localtime_r(&seconds, &then) == nullptr || ::localtime_r(&now, &today) == nullptr)
    return "?";
  const bool same_day = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
  char text[64];
  auto size = std::strftime(text, sizeof text, same_day ? "%H:%M" : "%Y-%m-%d %H:%M", &then);
  return {text, size};
}

std::string full_name(UserId user, std::string_view nickname) {
  const auto number = std::to_string(user.value());
  if (nickname.empty()) return "user " + number;
  return printable(nickname) + " (" + number + ")";
}

std::string describe(const pb::MessageItem& item, UserId me, const NameOf& name_of) {
  const auto time = "[" + clock_time(Millis(item.send_time())) + "] ";
  // Only the server's own word counts as news: a user could send the same bytes.
  if (item.message_type() == pb::MT_COMMAND && item.sender_type() == pb::ST_SYSTEM) {
    auto news = describe_command(item);
    return time + "* " + (news.empty() ? "news that this program cannot show" : news);
  }
  const bool own = UserId(item.sender_id()) == me;
  auto who =
      own ? "you, to " + name_of(UserId(item.receiver_id())) : name_of(UserId(item.sender_id()));
  if (item.receiver_type() != pb::RT_USER && !own)
    who += ", in group " + std::to_string(item.receiver_id());
  return time + who + ": " + content_of(item);
}

}  // namespace linnet::chat
