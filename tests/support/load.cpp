#include "load_parts.hpp"
#include "pb/room.ext.pb.h"

#include <stdexcept>
#include <thread>

namespace linnet::test {
namespace {

using Door = LongConnection::Door;

constexpr std::size_t kWindow = 4;    // requests on their way, of a sender that does not wait
constexpr std::size_t kRetried = 2;   // of those that were answered
constexpr std::size_t kInRooms = 16;  // users with a long connection that are in a room
constexpr std::int64_t kNewIds = 2'000'000'000;
constexpr const char* kSend = "/pb.LogicExt/SendMessage";

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
    : Sender(world, history, who, seed, Options()) {}

Sender::Sender(const World& world, History& history, std::size_t who, std::uint64_t seed,
               Options options)
    : world_(world), history_(history), who_(who), random_(seed), options_(options) {}

Sender::Sent Sender::next() {
  Sent sent;
  sent.number = ++last_number_;
  sent.text = std::to_string(who_) + "/" + std::to_string(sent.number) + ">";
  pb::SendMessageReq request;
  std::vector<LogId> logs;
  sent.told_in = inbox_log(who_);
  const auto choice = any(0, 99);
  if (choice < 75) {
    const auto to = (who_ + static_cast<std::size_t>(any(1, kUsers - 1))) % kUsers;
    sent.text += "u" + std::to_string(to);
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
    sent.text += "g" + std::to_string(group);
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
  const auto answer = parsed<pb::SendMessageResp>(response, "SendMessageResp");
  history_.told(sent.text, sent.told_in, answer.seq());
}

void Sender::call(HttpConnection& connection, const Sent& sent) {
  auto answer = connection.ask("POST", kSend, headers_of(world_.senders[who_]), sent.request);
  if (answer.status != 200) throw refusal(kSend, answer);
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
  patient_until_ = std::chrono::steady_clock::now() + kPatience;
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
  const auto work = [&] {
    switch (kind()) {
      case Kind::kHttp: run_http(ports.http); break;
      case Kind::kBoth: run_both(ports); break;
      default: run_long(ports); break;
    }
  };
  until_gone(work, "user " + std::to_string(who_), options_.tolerance, problems_);
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
  patient_until_ = std::chrono::steady_clock::now() + kPatience;
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
  using TimePoint = std::chrono::steady_clock::time_point;
  return receive_beating(connection, beat_at_,
                         options_.tolerance.silence ? TimePoint::max() : patient_until_);
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
    const auto messages = parsed<pb::RoomMessages>(packet.data(), "RoomMessages");
    for (const auto& item : messages.items()) {
      history_.received(room_stream_, entry_of(world_, messages.room_id(), item));
      ++heard_live_;
    }
    return;
  }
  if (packet.type() == pb::PT_CALL &&
      (unanswered_.empty() || packet.request_id() != unanswered_.front().number))
    throw ProtocolError("an answer out of order");
  expect_success(packet);
  if (packet.type() != pb::PT_CALL) return;
  answered(unanswered_.front(), parsed<pb::CallOutput>(packet.data(), "CallOutput").response());
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
    expect_success(*packet);
    if (packet->type() != pb::PT_ROOM_SUBSCRIBE) continue;
    const auto answer = parsed<pb::RoomSubscribeOutput>(packet->data(), "RoomSubscribeOutput");
    room_stream_ = history_.begin(room_log(room_), answer.state().seq(), true);
    return;
  }
}

// Answered too, but not with a promise: a room is live, and no log on the disk.
void Sender::say(LongConnection& connection) {
  const auto number = ++last_number_;
  const auto text =
      std::to_string(who_) + "/" + std::to_string(number) + ">r" + std::to_string(room_);
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
  call(connection, next());
}

}  // namespace linnet::test
