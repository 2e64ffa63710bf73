// The rules of the long connection; see the picture in session.hpp.
#include "session.hpp"

#include "connect_error.hpp"

#include "linnet/wire/goodbye.hpp"

#include <algorithm>
#include <utility>

namespace linnet::client {
namespace {

Error to_error(const pb::Output& packet) {
  return Error(static_cast<ErrCode>(packet.code()), packet.message());
}

// Errors that the same credentials will meet again.
bool is_terminal(ErrCode code) {
  switch (code) {
    case ErrCode::kUnauthorized:
    case ErrCode::kDeviceNotBindUser:
    case ErrCode::kBadRequest:
    case ErrCode::kUserNotExist:
    case ErrCode::kDeviceNotExist:
    case ErrCode::kDeviceReplaced:
    case ErrCode::kSignedOut:
    case ErrCode::kDeviceExcluded: return true;
    default: return false;
  }
}

Error unreadable() {
  return Error(ErrCode::kServerUnknown, "the server sent what is no packet");
}

// Not: what is stored nowhere, and a large group's message, whose seq is the group's.
bool is_of_inbox(const pb::MessageItem& item) {
  return item.seq() != 0 && item.receiver_type() != pb::RT_LARGE_GROUP;
}

}  // namespace

Session::Session(SessionOptions options, SessionIdentity identity, Seq last_seq, Door door,
                 Time now)
    : options_(options),
      identity_(std::move(identity)),
      phase_(Phase::kSigningIn),
      taken_(last_seq),
      delivered_(last_seq),
      acknowledged_(last_seq),
      heard_(now),
      beat_(now) {
  if (door == Door::kWebSocket) {
    sync();
    return;
  }
  pb::SignInInput sign_in;
  sign_in.set_user_id(identity_.user.value());
  sign_in.set_device_id(identity_.device.value());
  sign_in.set_token(identity_.token);
  ask(pb::PT_SIGN_IN, sign_in.SerializeAsString());
  awaited_ = request_id_;
}

void Session::ask(pb::PackageType type, std::string data) {
  pb::Input packet;
  packet.set_type(type);
  packet.set_request_id(++request_id_);
  packet.set_data(std::move(data));
  packets_.push_back(std::move(packet));
}

void Session::sync() {
  phase_ = Phase::kSyncing;
  pb::SyncInput input;
  input.set_seq(taken_.value());
  ask(pb::PT_SYNC, input.SerializeAsString());
  awaited_ = request_id_;
}

void Session::on_bytes(Time now) {
  heard_ = now;
}

void Session::on_packet(const pb::Output& packet, Time now) {
  if (end_) return;
  on_bytes(now);
  // A server may say at any time that this is over, in the form of an answer to the sign-in.
  if (packet.code() != 0 && packet.type() == pb::PT_SIGN_IN) {
    auto error = to_error(packet);
    const bool terminal = is_terminal(error.code());
    finish(std::move(error), terminal);
    return;
  }
  if (packet.code() != 0) {
    // PT_UNKNOWN: what we sent was not understood, and never will be.
    auto error = to_error(packet);
    const bool terminal = error.code() == ErrCode::kUnauthorized ||
                          error.code() == ErrCode::kDeviceReplaced ||
                          packet.type() == pb::PT_UNKNOWN;
    finish(std::move(error), terminal);
    return;
  }
  switch (packet.type()) {
    case pb::PT_SIGN_IN: on_sign_in(packet); break;
    case pb::PT_SYNC: on_sync(packet); break;
    case pb::PT_HEARTBEAT: pinged_ = false; break;
    case pb::PT_MESSAGE: on_message(packet); break;
    default: break;  // from a newer server
  }
}

void Session::on_sign_in(const pb::Output& packet) {
  if (phase_ == Phase::kSigningIn && packet.request_id() == awaited_) sync();
}

void Session::on_sync(const pb::Output& packet) {
  if (phase_ != Phase::kSyncing || packet.request_id() != awaited_) return;
  pb::SyncOutput answer;
  if (!answer.ParseFromString(packet.data()) || answer.after() < 0)
    return finish(unreadable(), false);
  if (answer.has_after()) begin_after(Seq(answer.after()));
  for (const auto& item : answer.messages())
    take(item);
  if (answer.has_more()) return;
  awaited_ = 0;
  phase_ = Phase::kOnline;
}

// Another place than was asked for is where a new device begins, or one that knows more than a
// server which was restored from a backup.
void Session::begin_after(Seq seq) {
  taken_ = seq;
  delivered_ = seq;
  acknowledged_ = std::min(acknowledged_, seq);
}

void Session::on_message(const pb::Output& packet) {
  pb::Message message;
  if (!message.ParseFromString(packet.data())) return finish(unreadable(), false);
  // A stored message before the sync is done comes again with it; taken now it would hide the
  // older ones.
  if (phase_ != Phase::kOnline && is_of_inbox(message.message())) return;
  take(message.message());
}

void Session::take(const pb::MessageItem& item) {
  if (item.seq() < 0) return finish(unreadable(), false);
  if (!is_of_inbox(item)) {
    messages_.push_back(item);
    return;
  }
  const Seq seq(item.seq());
  if (seq && seq <= taken_) return;
  taken_ = std::max(taken_, seq);
  messages_.push_back(item);
}

void Session::on_undecodable() {
  if (!end_) finish(unreadable(), false);
}

void Session::on_close(wire::CloseCode code, std::string_view reason) {
  if (end_) return;
  const auto number = static_cast<int>(code);
  ErrCode meaning = ErrCode::kServerUnknown;
  if (code == wire::CloseCode::kUnauthorized) meaning = ErrCode::kUnauthorized;
  if (code == wire::CloseCode::kBadPacket) meaning = ErrCode::kBadRequest;
  if (code == wire::CloseCode::kReplaced) meaning = ErrCode::kDeviceReplaced;
  if (code == wire::CloseCode::kGoingAway) meaning = ErrCode::kShuttingDown;
  std::string message(reason);
  if (message.empty()) message = "the server closed with code " + std::to_string(number);
  finish(Error(meaning, std::move(message)), number >= 3500 && number < 4000);
}

void Session::on_lost(Error error) {
  if (!end_) finish(std::move(error), false);
}

void Session::on_tick(Time now) {
  if (end_) return;
  const bool waiting = awaited_ != 0 || pinged_;
  if (waiting && now - heard_ >= options_.answer_timeout) {
    finish(Error(ErrCode::kTimeout, "the server no longer answers"), false);
    return;
  }
  if (phase_ != Phase::kOnline || pinged_ || now - beat_ < options_.heartbeat) return;
  // Also while messages come: the server closes whoever says nothing, and messages that are stored
  // nowhere are not acknowledged.
  ask(pb::PT_HEARTBEAT, {});
  pinged_ = true;
  beat_ = now;
  heard_ = now;
}

Session::Time Session::next_tick() const {
  if (awaited_ != 0 || pinged_) return heard_ + options_.answer_timeout;
  return beat_ + options_.heartbeat;
}

std::vector<pb::MessageItem> Session::take_messages() {
  return std::exchange(messages_, {});
}

void Session::delivered(const pb::MessageItem& item) {
  if (is_of_inbox(item)) delivered_ = std::max(delivered_, Seq(item.seq()));
}

void Session::acknowledge(Millis wall) {
  if (end_ || delivered_ <= acknowledged_) return;
  acknowledged_ = delivered_;
  pb::MessageACK ack;
  ack.set_device_ack(delivered_.value());
  ack.set_receive_time(wall.value());
  ask(pb::PT_MESSAGE, ack.SerializeAsString());
}

std::vector<pb::Input> Session::take_packets() {
  return std::exchange(packets_, {});
}

void Session::finish(Error error, bool terminal) {
  End end{std::move(error), terminal};
  if (end.error.code() == ErrCode::kShuttingDown) end.pause = wire::pause_in(end.error.message());
  end_ = std::move(end);
}

End judge_refusal(int http_status, std::string_view body) {
  auto error = read_short_error(http_status, body);
  const bool terminal =
      http_status == 400 || http_status == 401 || http_status == 403 || is_terminal(error.code());
  return {std::move(error), terminal};
}

}  // namespace linnet::client
