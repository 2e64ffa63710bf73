#include "session.hpp"

#include "packets.hpp"
#include "pb/conn.ext.pb.h"

#include "linnet/logic/messages.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace linnet::gateway {
namespace {

// Leaves room in a packet of wire::kMaxPacket for what is around the items.
constexpr std::size_t kAnswerBytes = 60000;

constexpr std::chrono::hours kLongestDebt{1};  // of who sent more than it may

std::size_t content_bytes(const store::InboxPage& page) {
  std::size_t bytes = 0;
  for (const auto& entry : page.entries)
    bytes += entry.message.content.size();
  return bytes;
}

}  // namespace

void Session::start(user::Identity identity, std::int64_t request_id) {
  state_ = State::kSigningIn;
  told_signed_in_ = true;
  sign_in_request_ = request_id;
  identity_ = identity;
  host_.find_head(identity.user);
}

void Session::start_stream(user::Identity identity, Seq seq) {
  stream_ = true;
  stream_from_ = seq;
  start(identity, 0);
}

bool Session::busy() const {
  return draining_ || state_ == State::kSigningIn || state_ == State::kEnded || answering_sync_ ||
         host_.unsent() > options_.outbox_bytes || calls_ >= options_.calls_at_once || put_off_;
}

void Session::on_bytes(std::size_t count, std::chrono::milliseconds now) {
  bytes_.pay(now, static_cast<std::int64_t>(count), options_.bytes, kLongestDebt);
  if (bytes_.full(now, options_.bytes)) put_off_ = true;
}

void Session::on_packet(const pb::Input& packet, std::chrono::milliseconds now) {
  last_seen_ = now;
  packets_.pay(now, 1, options_.packets, kLongestDebt);
  if (packets_.full(now, options_.packets)) put_off_ = true;
  if (state_ == State::kNew) {
    on_sign_in(packet);
    return;
  }
  if (state_ != State::kActive) return;
  switch (packet.type()) {
    case pb::PT_SYNC: on_sync(packet); break;
    case pb::PT_HEARTBEAT: host_.send(output(pb::PT_HEARTBEAT, packet.request_id())); break;
    case pb::PT_MESSAGE: on_acknowledgement(packet); break;
    case pb::PT_CALL:
      ++calls_;
      host_.call(identity_, packet);
      break;
    case pb::PT_SIGN_IN: refuse(packet, "this connection is signed in already"); break;
    case pb::PT_ROOM_SUBSCRIBE:
    case pb::PT_ROOM_UNSUBSCRIBE:
    case pb::PT_ROOM_PUBLISH: host_.on_room_packet(packet); break;
    default: refuse(packet, "this packet type is not known here"); break;
  }
}

void Session::on_undecodable(std::string_view reason) {
  if (state_ == State::kEnded) return;
  auto answer = output(pb::PT_UNKNOWN, 0);
  set_error(answer, Error(ErrCode::kBadRequest, std::string(reason)));
  host_.send(answer);
  end(wire::CloseCode::kBadPacket, reason);
}

void Session::on_sign_in(const pb::Input& packet) {
  sign_in_request_ = packet.request_id();
  pb::SignInInput sign_in;
  if (packet.type() != pb::PT_SIGN_IN || !sign_in.ParseFromString(packet.data())) {
    fail(Error(ErrCode::kBadRequest, "the first packet must be a sign-in"));
    return;
  }
  state_ = State::kSigningIn;
  user::Credentials credentials;
  credentials.user = UserId(sign_in.user_id());
  credentials.device = DeviceId(sign_in.device_id());
  credentials.token = std::move(*sign_in.mutable_token());
  host_.authenticate(std::move(credentials));
}

void Session::on_authenticated(Result<user::Identity> identity) {
  if (state_ != State::kSigningIn) return;
  if (!identity) {
    fail(identity.error());
    return;
  }
  identity_ = *identity;
  host_.find_head(identity_.user);
}

// The head is read before the session is attached: what comes between the two is found by reading
// from it.
void Session::on_head(Result<Seq> head) {
  if (state_ != State::kSigningIn) return;
  if (!head) {
    fail(head.error());
    return;
  }
  cursor_ = *head;
  newest_ = *head;
  state_ = State::kActive;
  since_ = last_seen_;
  attachment_ = host_.attach(identity_.user, identity_.device, *this);
  attached_ = true;
  host_.confirm(identity_);
  host_.follow_groups(identity_.user);
  if (!told_signed_in_) host_.send(output(pb::PT_SIGN_IN, sign_in_request_));
  if (stream_) begin_sync(stream_from_);
}

void Session::on_confirmed(Result<user::Identity> identity) {
  if (state_ != State::kActive || identity) return;
  const auto why = identity.code();
  if (why == ErrCode::kSignedOut || why == ErrCode::kDeviceExcluded) {
    dismissed(why);
  } else {
    fail(identity.take_error());
  }
}

void Session::on_following(Status following) {
  if (state_ == State::kActive && !following) fail(following.take_error());
}

void Session::on_sync(const pb::Input& packet) {
  pb::SyncInput sync;
  if (!sync.ParseFromString(packet.data()) || sync.seq() < 0) {
    refuse(packet, "the data of PT_SYNC is a SyncInput with a seq of 0 or more");
    return;
  }
  sync_request_ = packet.request_id();
  begin_sync(Seq(sync.seq()));
}

void Session::begin_sync(Seq seq) {
  answering_sync_ = true;
  starting_ = true;
  restarted_ = false;
  asked_ = seq;
  stale_ = reading_;
  flow_ = Flow::kReading;
  host_.find_start(identity_.user, seq);
}

void Session::on_start(Result<Seq> start) {
  if (state_ != State::kActive) return;
  if (!start) {
    fail(start.error());
    return;
  }
  starting_ = false;
  cursor_ = *start;
  after_ = cursor_;
  tell_after_ = after_ != asked_;
  read_on();
}

void Session::on_acknowledgement(const pb::Input& packet) {
  pb::MessageACK ack;
  if (!ack.ParseFromString(packet.data()) || ack.device_ack() < 0) {
    refuse(packet, "the data of PT_MESSAGE is a MessageACK");
    return;
  }
  // Nobody has more than was sent: a larger number would hide messages from the user's next device.
  const auto seq = std::min(Seq(ack.device_ack()), cursor_);
  if (seq) host_.acknowledge(identity_.user, identity_.device, seq);
}

void Session::read_on() {
  flow_ = Flow::kReading;
  if (reading_) return;  // a stale page, which reads on when it has come
  reading_ = true;
  store::PageLimit limit;
  limit.entries = options_.page_entries;
  host_.read(identity_.user, cursor_, limit);
}

void Session::on_page(Result<store::InboxPage> page) {
  reading_ = false;
  if (state_ != State::kActive || flow_ != Flow::kReading) return;
  if (std::exchange(stale_, false)) {
    if (!starting_) read_on();
    return;
  }
  if (!page) {
    fail(page.error());
    return;
  }
  newest_ = std::max(newest_, page->head);
  if (answering_sync_ && page->head < cursor_ && !std::exchange(restarted_, true)) {
    // The server was restored from a backup: what the device has had of this inbox's new life is
    // unknown, what it acknowledged in the backup is not.
    starting_ = true;
    host_.find_restart(identity_.user, identity_.device);
    return;
  }
  cursor_ = page->entries.empty() ? page->head : page->entries.back().seq;
  const bool has_more = cursor_ < newest_;
  if (has_more) {
    flow_ = Flow::kFull;
    // The next page is read while this one is encoded.
    if (host_.unsent() + content_bytes(*page) <= options_.outbox_bytes) read_on();
  }
  if (answering_sync_ && !stream_) {
    send_page_as_answer(*page, has_more);
  } else {
    send_page_as_pushes(*page);
  }
  if (has_more) {
    if (flow_ == Flow::kFull && host_.unsent() <= options_.outbox_bytes) read_on();
    return;
  }
  answering_sync_ = false;
  flow_ = Flow::kLive;
}

void Session::send_page_as_answer(const store::InboxPage& page, bool has_more) {
  pb::SyncOutput answer;
  std::size_t bytes = 0;
  auto send = [&](bool more) {
    if (std::exchange(tell_after_, false)) answer.set_after(after_.value());
    answer.set_has_more(more);
    auto packet = output(pb::PT_SYNC, sync_request_);
    packet.set_data(answer.SerializeAsString());
    host_.send(packet);
    answer.Clear();
    bytes = 0;
  };
  for (const auto& entry : page.entries) {
    auto item = logic::to_item(entry.message);
    item.set_seq(entry.seq.value());
    auto size = item.ByteSizeLong();
    if (bytes > 0 && bytes + size > kAnswerBytes) send(true);
    bytes += size + 4;  // field and length around it
    *answer.add_messages() = std::move(item);
  }
  send(has_more);
}

void Session::send_page_as_pushes(const store::InboxPage& page) {
  for (const auto& entry : page.entries) {
    // What the device sent itself is part of an answer, not of what is pushed.
    if (!answering_sync_ && entry.message.sender_device_id == identity_.device) continue;
    host_.send_push(entry.seq, wire::Push(logic::to_item(entry.message)));
  }
}

void Session::deliver(Seq seq, const wire::PushPtr& push) {
  if (state_ != State::kActive) return;
  const bool own = push->sender_device() == identity_.device;
  newest_ = std::max(newest_, seq);
  if (flow_ != Flow::kLive || seq <= cursor_) return;
  if (seq != cursor_.next()) {
    read_on();
  } else if (own) {
    cursor_ = seq;
  } else if (host_.unsent() > options_.outbox_bytes) {
    flow_ = Flow::kFull;  // behind: on_drained() reads on from the cursor
  } else {
    host_.send_push(seq, *push);
    cursor_ = seq;
  }
}

void Session::deliver_live(Seq seq, const wire::PushPtr& push) {
  if (state_ != State::kActive || push->sender_device() == identity_.device) return;
  if (host_.unsent() <= options_.outbox_bytes) host_.send_push(seq, *push);
}

void Session::dismissed(ErrCode why) {
  if (state_ == State::kEnded) return;
  auto told = output(pb::PT_SIGN_IN, sign_in_request_);
  set_error(told, Error(why));
  host_.send(told);
  const bool replaced = why == ErrCode::kDeviceReplaced;
  end(replaced ? wire::CloseCode::kReplaced : wire::CloseCode::kUnauthorized, default_message(why));
}

void Session::on_called() {
  if (calls_ > 0) --calls_;
}

void Session::on_drained() {
  if (state_ == State::kActive && flow_ == Flow::kFull) read_on();
}

void Session::on_closed() {
  state_ = State::kEnded;
  detach();
}

void Session::detach() {
  if (!attached_) return;
  attached_ = false;
  attachment_.release();
  host_.detached(identity_.device);
}

bool Session::on_sweep(std::chrono::milliseconds now, std::chrono::milliseconds idle) {
  put_off_ = packets_.full(now, options_.packets) || bytes_.full(now, options_.bytes);
  if (state_ == State::kNew && now - since_ >= options_.sign_in_timeout) {
    fail(Error(ErrCode::kTimeout, "no sign-in came in time"));
    return true;
  }
  if (state_ == State::kActive && now - last_seen_ >= idle) {
    end(wire::CloseCode::kIdle, "silent for too long");
  } else if (state_ == State::kActive && flow_ == Flow::kWaiting &&
             now - since_ >= options_.sync_grace) {
    read_on();
  }
  return false;
}

std::chrono::milliseconds Session::due(std::chrono::milliseconds idle) const {
  constexpr auto kNever = std::chrono::milliseconds::max();
  if (put_off_) return std::chrono::milliseconds(0);
  if (state_ == State::kNew) return since_ + options_.sign_in_timeout;
  if (state_ != State::kActive) return kNever;
  const auto silent = idle == kNever ? kNever : last_seen_ + idle;
  return flow_ == Flow::kWaiting ? std::min(silent, since_ + options_.sync_grace) : silent;
}

void Session::refuse(const pb::Input& packet, std::string_view reason) {
  auto answer = output(packet.type(), packet.request_id());
  set_error(answer, Error(ErrCode::kBadRequest, std::string(reason)));
  host_.send(answer);
}

// Says what went wrong in the form of what was asked last, and ends the connection.
void Session::fail(const Error& error) {
  auto answer = answering_sync_ ? output(pb::PT_SYNC, sync_request_)
                                : output(pb::PT_SIGN_IN, sign_in_request_);
  set_error(answer, error);
  host_.send(answer);
  wire::CloseCode code = wire::CloseCode::kTryAgain;
  if (error.code() == ErrCode::kUnauthorized) code = wire::CloseCode::kUnauthorized;
  if (error.code() == ErrCode::kBadRequest) code = wire::CloseCode::kBadPacket;
  end(code, answer.message());
}

void Session::end(wire::CloseCode code, std::string_view reason) {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  detach();
  host_.end(code, reason);
}

}  // namespace linnet::gateway
