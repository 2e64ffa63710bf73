#include "load.hpp"

#include "pb/room.ext.pb.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace linnet::test {
namespace {

using Door = LongConnection::Door;

constexpr std::size_t kWindow = 4;    // requests on their way, of a sender that does not wait
constexpr std::size_t kRetried = 2;   // of those that were answered
constexpr std::size_t kInRooms = 16;  // users with a long connection that are in a room
constexpr std::int64_t kRoomIds = 1'000'000'000;
constexpr std::int64_t kNewIds = 2'000'000'000;
constexpr std::size_t kPushLost = 20;  // one of so many, by mistake
constexpr int kRequestTimeout = 408;
constexpr const char* kSend = "/pb.LogicExt/SendMessage";

Headers headers_of(const TestUser& user) {
  return {{"Content-Type", "application/proto"}, {"Authorization", "Bearer " + user.token}};
}

std::string encoded_text(const std::string& text) {
  pb::Text content;
  content.set_text(text);
  return content.SerializeAsString();
}

std::optional<pb::Output> receive_beating(LongConnection& connection,
                                          std::chrono::steady_clock::time_point& beat_at) {
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= beat_at) {
      connection.send(pb::PT_HEARTBEAT, 0, {});
      beat_at = now + kHeartbeat;
    }
    try {
      return connection.receive(
          std::chrono::duration_cast<std::chrono::milliseconds>(beat_at - now) +
          std::chrono::milliseconds(1));
    } catch (const TimedOut&) {
      // Silence is no end.
    }
  }
}

// An answer that no server should give, unlike the end of a connection.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace

History::Entry entry_of(const pb::MessageItem& item) {
  return {item.seq(), item.message_type() == pb::MT_TEXT ? text_of(item) : std::string()};
}

Sender::Sender(const World& world, History& history, std::size_t who, std::uint64_t seed)
    : Sender(world, history, who, seed, Options()) {}

Sender::Sender(const World& world, History& history, std::size_t who, std::uint64_t seed,
               Options options)
    : world_(world), history_(history), who_(who), random_(seed), options_(options) {}

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
  sent.made = std::chrono::steady_clock::now();
  return sent;
}

void Sender::answered(const Sent& sent, const std::string& response) {
  pb::SendMessageResp answer;
  if (!answer.ParseFromString(response)) throw Broken("no SendMessageResp");
  history_.told(sent.text, sent.told_in, answer.seq());
}

void Sender::call(HttpConnection& connection, const Sent& sent) {
  auto answer = connection.ask("POST", kSend, headers_of(world_.senders[who_]), sent.request);
  if (answer.status == kRequestTimeout) throw std::runtime_error("the request was cut off");
  if (answer.status != 200) throw Broken("refused: " + answer.body);
  answered(sent, answer.body);
}

void Sender::front_answered() {
  if (options_.acknowledged) options_.acknowledged(unanswered_.front().made);
  known_.push_back(std::move(unanswered_.front()));
  unanswered_.pop_front();
  if (known_.size() > kRetried) known_.pop_front();
  if (options_.pause.count() > 0)
    std::this_thread::sleep_for(
        std::chrono::milliseconds(any(0, static_cast<int>(options_.pause.count()))));
}

void Sender::err() {
  if (options_.mistake == Mistake::kEarlyClaim && !unanswered_.empty()) {
    history_.told(unanswered_.front().text, unanswered_.front().told_in, 1);
    unanswered_.pop_front();
  }
  if (options_.mistake != Mistake::kNewIds) return;
  for (auto& sent : unanswered_) {
    pb::SendMessageReq request;
    request.ParseFromString(sent.request);
    request.set_request_id(kNewIds + request.request_id());
    sent.request = request.SerializeAsString();
  }
}

void Sender::run(Ports ports) {
  try {
    switch (kind()) {
      case Kind::kHttp: run_http(ports.http); break;
      case Kind::kBoth: run_both(ports); break;
      default: run_long(ports); break;
    }
  } catch (const Broken& error) {
    problems_.push_back("user " + std::to_string(who_) + ": " + error.what());
  } catch (const std::exception&) {
    // The connection has gone; what was not answered is known.
  }
  err();
}

void Sender::run_http(std::uint16_t port) {
  HttpConnection connection(port);
  for (;;) {
    if (unanswered_.empty()) unanswered_.push_back(next());
    call(connection, unanswered_.front());
    front_answered();
  }
}

LongConnection Sender::connect(Ports ports) {
  const bool web_socket = kind() == Kind::kWebSocket || (kind() == Kind::kBoth && who_ % 2 == 0);
  beat_at_ = std::chrono::steady_clock::now() + kHeartbeat;
  return LongConnection::sign_in(web_socket ? Door::kWebSocket : Door::kTcp, ports.tcp, ports.http,
                                 world_.senders[who_]);
}

void Sender::send(LongConnection& connection, const Sent& sent) {
  pb::CallInput call;
  call.set_method(kSend);
  call.set_request(sent.request);
  call.set_ordered(true);
  connection.send(pb::PT_CALL, sent.number, call.SerializeAsString());
}

std::optional<pb::Output> Sender::receive(LongConnection& connection) {
  return receive_beating(connection, beat_at_);
}

void Sender::run_both(Ports ports) {
  auto connection = connect(ports);
  HttpConnection http(ports.http);
  for (;;) {
    if (unanswered_.empty()) unanswered_.push_back(next());
    send(connection, unanswered_.front());
    call(http, unanswered_.front());
    while (!unanswered_.empty()) {
      auto packet = receive(connection);
      if (!packet) return;
      handle(*packet);
    }
  }
}

void Sender::run_long(Ports ports) {
  auto connection = connect(ports);
  if (who_ < kInRooms) enter_room(connection);
  const std::size_t window = kind() == Kind::kPipelined ? kWindow : 1;
  for (const auto& sent : unanswered_)
    send(connection, sent);
  for (;;) {
    while (unanswered_.size() < window) {
      unanswered_.push_back(next());
      send(connection, unanswered_.back());
      if (room_ != 0 && any(0, 9) == 0) say(connection);
    }
    auto packet = receive(connection);
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
    throw Broken("an answer out of order");
  if (packet.code() != 0) throw Broken("refused: " + packet.message());
  pb::CallOutput answer;
  answer.ParseFromString(packet.data());
  answered(unanswered_.front(), answer.response());
  front_answered();
}

void Sender::enter_room(LongConnection& connection) {
  room_ = 1 + static_cast<std::int64_t>(who_) / 4 % kRooms;
  pb::RoomSubscribeInput request;
  request.set_room_id(room_);
  connection.send(pb::PT_ROOM_SUBSCRIBE, kRoomIds, request.SerializeAsString());
  for (;;) {
    auto packet = receive(connection);
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

Listener::Listener(const World& world, History& history, std::size_t who, Mistake mistake)
    : world_(world), history_(history), who_(who), mistake_(mistake) {}

void Listener::run(Ports ports) {
  const Door doors[] = {Door::kTcp, Door::kWebSocket, Door::kWebSocketJson};
  try {
    auto connection =
        LongConnection::sign_in(doors[who_ / 4 % 3], ports.tcp, ports.http, world_.readers[who_]);
    listen(connection);
  } catch (const std::exception&) {
    // The connection has gone.
  }
}

void Listener::listen(LongConnection& connection) {
  stream_ = history_.begin(inbox_log(who_), seq_);
  pb::SyncInput request;
  request.set_seq(seq_);
  connection.send(pb::PT_SYNC, 1, request.SerializeAsString());
  auto beat_at = std::chrono::steady_clock::now() + kHeartbeat;
  while (auto packet = receive_beating(connection, beat_at)) {
    if (packet->type() == pb::PT_SYNC) {
      pb::SyncOutput answer;
      answer.ParseFromString(packet->data());
      for (const auto& item : answer.messages())
        take(item);
      if (!answer.has_more()) history_.caught_up(stream_);
    } else if (packet->type() == pb::PT_MESSAGE) {
      pb::Message message;
      message.ParseFromString(packet->data());
      // A large group's has the group's seq.
      if (message.message().receiver_type() != pb::RT_LARGE_GROUP) take(message.message());
    }
  }
}

void Listener::take(const pb::MessageItem& item) {
  if (++taken_ % kPushLost == 0 && mistake_ == Mistake::kLostPush) return;
  history_.received(stream_, entry_of(item));
  seq_ = item.seq();
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

namespace {

// A room's seq never goes back, whatever became of the server.
void look_at_room(const World& world, const History& history, std::int64_t room, Ports ports) {
  auto connection = LongConnection::sign_in(Door::kTcp, ports.tcp, ports.http,
                                            world.senders[static_cast<std::size_t>(room)]);
  pb::RoomSubscribeInput request;
  request.set_room_id(room);
  connection.send(pb::PT_ROOM_SUBSCRIBE, kRoomIds, request.SerializeAsString());
  for (;;) {
    auto packet = connection.receive();
    if (!packet) throw std::runtime_error("hung up");
    if (packet->type() != pb::PT_ROOM_SUBSCRIBE) continue;
    pb::RoomSubscribeOutput answer;
    answer.ParseFromString(packet->data());
    if (answer.state().seq() < history.highest_received(room_log(room)))
      throw std::runtime_error("the seq of room " + std::to_string(room) + " went back");
    return;
  }
}

}  // namespace

Look look_around(const World& world, History& history,
                 const std::vector<std::unique_ptr<Sender>>& senders, Ports ports) {
  Look look;
  std::mutex mutex;
  auto each = [&](std::size_t count, auto work) {
    std::atomic<std::size_t> next = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (auto who = next++; who < count; who = next++) {
          try {
            work(who);
          } catch (const std::exception& error) {
            std::lock_guard lock(mutex);
            look.faults.push_back("user " + std::to_string(who) + ": " + error.what());
          }
        }
      });
    }
    for (auto& thread : threads)
      thread.join();
  };
  auto read = [&](std::size_t who) {
    history.whole(inbox_log(who), read_inbox(world, history, who, ports));
  };
  each(kUsers, read);
  look.recovered = history.recovered();
  each(senders.size(), [&](std::size_t who) { senders[who]->retry(ports.http); });
  each(kUsers, read);
  for (std::size_t group = 0; group < world.groups.size(); ++group)
    history.whole(group_log(group), read_group(world, history, group, ports));
  each(static_cast<std::size_t>(kRooms), [&](std::size_t room) {
    look_at_room(world, history, 1 + static_cast<std::int64_t>(room), ports);
  });
  return look;
}

}  // namespace linnet::test
