#include "load.hpp"

#include "pb/room.ext.pb.h"

#include <exception>
#include <stdexcept>

namespace linnet::test {
namespace {

using Door = LongConnection::Door;

constexpr std::size_t kWindow = 4;    // requests on their way, of a sender that does not wait
constexpr std::size_t kRetried = 2;   // of those that were answered
constexpr std::size_t kInRooms = 16;  // users with a long connection that are in a room
constexpr std::int64_t kRoomIds = 1'000'000'000;
constexpr const char* kSend = "/pb.LogicExt/SendMessage";

History::Entry entry_of(const pb::MessageItem& item) {
  return {item.seq(), item.message_type() == pb::MT_TEXT ? text_of(item) : std::string()};
}

Headers headers_of(const TestUser& user) {
  return {{"Content-Type", "application/proto"}, {"Authorization", "Bearer " + user.token}};
}

std::string encoded_text(const std::string& text) {
  pb::Text content;
  content.set_text(text);
  return content.SerializeAsString();
}

}  // namespace

Sender::Sender(const World& world, History& history, std::size_t who, std::uint64_t seed)
    : world_(world), history_(history), who_(who), random_(seed) {}

Sender::Sent Sender::next() {
  Sent sent;
  sent.number = ++last_number_;
  sent.text = std::to_string(who_) + "/" + std::to_string(sent.number);
  pb::SendMessageReq request;
  std::vector<LogId> logs;
  sent.told_in = inbox_log(who_);
  const auto choice = any(0, 99);
  if (choice < 75) {
    const auto to = (who_ + static_cast<std::size_t>(any(1, kUsers - 1))) % kUsers;
    request = text_to(world_.senders[to].id, sent.text, sent.number);
    logs = {inbox_log(who_), inbox_log(to)};
  } else {
    // Everybody is in the large groups, which are the last; the small ones take their own.
    std::size_t group = world_.groups.size() - 1 - static_cast<std::size_t>(any(0, 1));
    for (std::size_t i = 0; choice < 90 && i < world_.groups.size(); ++i) {
      const auto& one = world_.groups[i];
      if (!one.large && who_ >= one.members.front() && who_ <= one.members.back()) group = i;
    }
    const auto& chosen = world_.groups[group];
    request = text_to(UserId(chosen.id), sent.text, sent.number);
    request.set_receiver_type(pb::RT_NORMAL_GROUP);
    logs.push_back(group_log(group));
    if (chosen.large) {
      sent.told_in = group_log(group);
    } else {
      for (auto user : chosen.members)
        logs.push_back(inbox_log(user));
    }
  }
  history_.sent(sent.text, static_cast<std::int64_t>(who_), sent.number, std::move(logs));
  sent.request = request.SerializeAsString();
  return sent;
}

void Sender::answered(const Sent& sent, const std::string& response) {
  pb::SendMessageResp answer;
  if (!answer.ParseFromString(response)) throw std::runtime_error("no SendMessageResp");
  history_.told(sent.text, sent.told_in, answer.seq());
}

void Sender::call(HttpConnection& connection, const Sent& sent) {
  auto answer = connection.ask("POST", kSend, headers_of(world_.senders[who_]), sent.request);
  if (answer.status != 200) throw std::runtime_error("refused: " + answer.body);
  answered(sent, answer.body);
}

void Sender::run(Ports ports) {
  try {
    if (kind() == Kind::kHttp) {
      run_http(ports.http);
    } else {
      run_long(ports);
    }
  } catch (const std::exception&) {
    // The server has gone; what was not answered is known.
  }
}

void Sender::run_http(std::uint16_t port) {
  HttpConnection connection(port);
  for (;;) {
    unanswered_.push_back(next());
    call(connection, unanswered_.front());
    known_.push_back(std::move(unanswered_.front()));
    unanswered_.pop_front();
    if (known_.size() > kRetried) known_.pop_front();
  }
}

void Sender::run_long(Ports ports) {
  auto connection =
      LongConnection::sign_in(kind() == Kind::kWebSocket ? Door::kWebSocket : Door::kTcp, ports.tcp,
                              ports.http, world_.senders[who_]);
  if (who_ < kInRooms) enter_room(connection);
  const std::size_t window = kind() == Kind::kPipelined ? kWindow : 1;
  for (;;) {
    while (unanswered_.size() < window) {
      unanswered_.push_back(next());
      pb::CallInput call;
      call.set_method(kSend);
      call.set_request(unanswered_.back().request);
      call.set_ordered(true);
      connection.send(pb::PT_CALL, unanswered_.back().number, call.SerializeAsString());
      if (room_ != 0 && any(0, 9) == 0) say(connection);
    }
    auto packet = connection.receive();
    if (!packet) return;
    handle(*packet);
  }
}

void Sender::handle(const pb::Output& packet) {
  if (packet.type() == pb::PT_ROOM_MESSAGES) {
    pb::RoomMessages messages;
    messages.ParseFromString(packet.data());
    for (const auto& item : messages.items()) {
      pb::Text content;
      content.ParseFromString(item.message_content());
      history_.received(room_stream_, {item.seq(), content.text()});
    }
    return;
  }
  if (packet.type() != pb::PT_CALL) return;
  if (unanswered_.empty() || packet.request_id() != unanswered_.front().number)
    throw std::runtime_error("an answer out of order");
  if (packet.code() != 0) throw std::runtime_error("refused: " + packet.message());
  pb::CallOutput answer;
  answer.ParseFromString(packet.data());
  answered(unanswered_.front(), answer.response());
  known_.push_back(std::move(unanswered_.front()));
  unanswered_.pop_front();
  if (known_.size() > kRetried) known_.pop_front();
}

void Sender::enter_room(LongConnection& connection) {
  room_ = 1 + static_cast<std::int64_t>(who_) / 4 % kRooms;
  pb::RoomSubscribeInput request;
  request.set_room_id(room_);
  connection.send(pb::PT_ROOM_SUBSCRIBE, kRoomIds, request.SerializeAsString());
  for (;;) {
    auto packet = connection.receive();
    if (!packet) throw std::runtime_error("hung up");
    if (packet->type() != pb::PT_ROOM_SUBSCRIBE) continue;
    pb::RoomSubscribeOutput answer;
    answer.ParseFromString(packet->data());
    room_stream_ = history_.begin(room_log(room_), answer.state().seq(), true);
    return;
  }
}

// Answered too, but not with a promise: a room is live, and no log on the disk.
void Sender::say(LongConnection& connection) {
  const auto number = ++last_number_;
  const auto text = std::to_string(who_) + "/" + std::to_string(number);
  history_.sent(text, static_cast<std::int64_t>(who_), number, {room_log(room_)});
  pb::RoomPublishInput request;
  request.set_room_id(room_);
  request.set_message_type(pb::MT_TEXT);
  request.set_message_content(encoded_text(text));
  connection.send(pb::PT_ROOM_PUBLISH, kRoomIds + number, request.SerializeAsString());
}

void Sender::retry(std::uint16_t http_port) {
  HttpConnection connection(http_port);
  for (const auto& sent : known_)
    call(connection, sent);
  for (const auto& sent : unanswered_)
    call(connection, sent);
  unanswered_.clear();
}

void listen(const World& world, History& history, std::size_t who, Ports ports) {
  const Door doors[] = {Door::kTcp, Door::kWebSocket, Door::kWebSocketJson};
  try {
    auto connection =
        LongConnection::sign_in(doors[who / 4 % 3], ports.tcp, ports.http, world.readers[who]);
    const auto stream = history.begin(inbox_log(who), 0);
    for (const auto& item : connection.sync(0))
      history.received(stream, entry_of(item));
    history.caught_up(stream);
    for (;;) {
      const auto item = connection.next_message();
      // A large group's has the group's seq.
      if (item.receiver_type() != pb::RT_LARGE_GROUP) history.received(stream, entry_of(item));
    }
  } catch (const std::exception&) {
    // The server has gone.
  }
}

std::vector<History::Entry> read_inbox(const World& world, History& history, std::size_t who,
                                       Ports ports) {
  const Door door = who % 2 == 0 ? Door::kTcp : Door::kWebSocket;
  auto connection = LongConnection::sign_in(door, ports.tcp, ports.http, world.readers[who]);
  const auto stream = history.begin(inbox_log(who), 0);
  std::vector<History::Entry> entries;
  for (const auto& item : connection.sync(0)) {
    entries.push_back(entry_of(item));
    history.received(stream, entries.back());
  }
  history.caught_up(stream);
  return entries;
}

std::vector<History::Entry> read_group(const World& world, History& history, std::size_t group,
                                       Ports ports) {
  Caller caller(ports.http);
  caller.use(world.readers[world.groups[group].members.back()]);
  const auto stream = history.begin(group_log(group), 0);
  std::vector<History::Entry> entries;
  for (std::int64_t after = 0;;) {
    pb::SyncGroupReq request;
    request.set_group_id(world.groups[group].id);
    request.set_seq(after);
    auto page = caller.call<pb::SyncGroupResp>("/pb.LogicExt/SyncGroup", request);
    for (const auto& item : page.messages()) {
      entries.push_back(entry_of(item));
      history.received(stream, entries.back());
      after = item.seq();
    }
    if (!page.has_more()) break;
  }
  history.caught_up(stream);
  return entries;
}

}  // namespace linnet::test
