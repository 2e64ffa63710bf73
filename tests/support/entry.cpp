// Whether a message is what its text says that it is.
#include "load_parts.hpp"

namespace linnet::test {
namespace {

struct Named {
  std::size_t sender = 0;
  std::string receiver;
};

// Nothing: no text of ours.
std::optional<Named> named(const std::string& text) {
  const auto slash = text.find('/');
  const auto arrow = text.find('>');
  if (slash == 0 || slash > 3 || slash == std::string::npos || arrow == std::string::npos)
    return std::nullopt;
  std::size_t sender = 0;
  for (const char digit : text.substr(0, slash)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    sender = sender * 10 + static_cast<std::size_t>(digit - '0');
  }
  if (sender >= kUsers) return std::nullopt;
  return Named{sender, text.substr(arrow + 1)};
}

std::string receiver_of(const World& world, const pb::MessageItem& item) {
  if (item.receiver_type() == pb::RT_USER) {
    for (std::size_t who = 0; who < world.senders.size(); ++who)
      if (world.senders[who].id.value() == item.receiver_id()) return "u" + std::to_string(who);
  }
  for (std::size_t group = 0; group < world.groups.size(); ++group) {
    const auto type = world.groups[group].large ? pb::RT_LARGE_GROUP : pb::RT_NORMAL_GROUP;
    if (item.receiver_type() == type && world.groups[group].id == item.receiver_id())
      return "g" + std::to_string(group);
  }
  return "nobody";
}

}  // namespace

History::Entry entry_of(const World& world, const pb::MessageItem& item, std::int64_t own) {
  if (item.message_type() != pb::MT_TEXT) {
    const bool known = item.sender_type() == pb::ST_SYSTEM && item.seq() <= own;
    return {item.seq(), known ? std::string() : "an entry of the server's own, too late"};
  }
  auto text = text_of(item);
  const auto name = named(text);
  if (!name) return {item.seq(), "the foreign text '" + text + "'"};
  const auto& sender = world.senders[name->sender];
  if (item.sender_type() != pb::ST_USER || item.sender_id() != sender.id.value() ||
      item.sender_device_id() != sender.device.value())
    text += " as sent by user " + std::to_string(item.sender_id()) + " on device " +
            std::to_string(item.sender_device_id());
  const auto receiver = receiver_of(world, item);
  if (receiver != name->receiver) text += " as sent to " + receiver;
  return {item.seq(), text};
}

History::Entry entry_of(const World& world, std::int64_t room, const pb::RoomItem& item) {
  auto text = parsed<pb::Text>(item.message_content(), "Text").text();
  const auto name = named(text);
  if (!name || item.message_type() != pb::MT_TEXT)
    return {item.seq(), "the foreign text '" + text + "'"};
  if (item.sender_type() != pb::ST_USER ||
      item.sender_id() != world.senders[name->sender].id.value())
    text += " as sent by user " + std::to_string(item.sender_id());
  if (name->receiver != "r" + std::to_string(room)) text += " as said in " + std::to_string(room);
  return {item.seq(), text};
}

}  // namespace linnet::test
