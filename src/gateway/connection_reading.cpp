// How a connection reads: its packets in turns, so that who sends most is not served most.
#include "connection.hpp"
#include "hub.hpp"
#include "pb/conn.ext.pb.h"
#include "room_seats.hpp"

#include "linnet/wire/json.hpp"
#include "linnet/wire/tcp.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace linnet::gateway {
namespace {

using tcp = boost::asio::ip::tcp;

constexpr std::size_t kReadBytes = 16 * 1024;   // what is kept of it waits in in_
constexpr std::size_t kDiscarded = 256 * 1024;  // bytes that are read for the peer's last word

}  // namespace

void Connection::wait_readable() {
  if (waiting_readable_ || phase_ == Phase::kClosed || peer_done_) return;
  waiting_readable_ = true;
  socket_.async_wait(TcpSocket::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       self->waiting_readable_ = false;
                       if (!error) self->on_readable();
                       if (!self->waiting_readable_) self->look_soon();
                     });
}

void Connection::on_readable() {
  if (phase_ == Phase::kClosed) return;
  if (phase_ == Phase::kClosing) {
    discard();
    return;
  }
  if (stream_) {
    listen_for_end();
    return;
  }
  if (busy()) return;  // resume() waits again
  if (heavy_) {
    end_turn();
  } else {
    read_some();
  }
}

void Connection::read_some() {
  auto& buffer = hub_.buffer();
  std::memcpy(buffer.data(), in_.data(), in_.size());
  auto got = ::recv(socket_.native_handle(), buffer.data() + in_.size(), kReadBytes, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    heavy_ = false;
    wait_readable();
    return;
  }
  if (got <= 0) {
    on_peer_done();
    return;
  }
  session_.on_bytes(static_cast<std::size_t>(got), hub_.now());
  heavy_ = static_cast<std::size_t>(got) == kReadBytes;
  if (!process(buffer.data(), in_.size() + static_cast<std::size_t>(got))) return;
  if (heavy_ && phase_ == Phase::kOpen) {
    end_turn();
  } else {
    wait_readable();
  }
}

// It sends no more, but may still read what it is due.
void Connection::on_peer_done() {
  settle();
  peer_done_ = true;
  session_.on_closed();
  rooms_.reset();
  phase_ = Phase::kClosing;
  closing_since_ = hub_.now();
  if (unsent() == 0) finish();
}

// What is still to come after the last word is thrown away, so that the kernel delivers that word.
void Connection::discard() {
  if (discarded_ == 0) release_what_came();
  auto got =
      ::recv(socket_.native_handle(), hub_.buffer().data(), hub_.buffer().size(), MSG_DONTWAIT);
  if (got > 0) discarded_ += static_cast<std::size_t>(got);
  if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) {
    if (discarded_ < kDiscarded) wait_readable();  // else sweep() ends it
  } else {
    peer_done_ = true;
    if (unsent() == 0) finish();
  }
}

// Thousands may wait here for their ends.
void Connection::release_what_came() {
  std::string().swap(in_);
  if (web_socket_)
    web_socket_ = std::make_unique<wire::WsDecoder>(wire::WsRole::kServer, wire::kMaxPacket);
}

// The packets that came while the session was busy or others had their turn, then the socket again.
void Connection::resume() {
  if (phase_ != Phase::kOpen || processing_ || waiting_readable_ || turn_ended_ || busy()) return;
  if (!in_.empty()) {
    std::string pending;
    pending.swap(in_);
    if (!process(pending.data(), pending.size())) return;
  }
  wait_readable();
}

// Keeps what is left of the bytes. Whether to go on reading: not when the session is busy or over,
// or when it is the others' turn.
bool Connection::process(char* bytes, std::size_t size) {
  char* at = bytes;
  char* end = bytes + size;
  processing_ = true;
  const bool all = web_socket_ ? process_web_socket(at, end) : process_tcp(at, end);
  processing_ = false;
  const auto left = static_cast<std::size_t>(end - at);
  if (left <= kKeepCapacity) release_if_large(in_);
  in_.assign(at, left);
  whole_left_ = !all && !in_.empty();
  if (holds_much()) look_soon();
  if (phase_ != Phase::kOpen) return phase_ == Phase::kClosing;
  if (busy()) return false;
  if (all) return true;
  heavy_ = true;
  end_turn();
  return false;
}

void Connection::end_turn() {
  turn_ended_ = true;
  hub_.resume_after_others(shared_from_this());
}

// resume(), and what has come already after the others.
void Connection::resume_later() {
  if (in_.empty() || turn_ended_ || busy()) {
    resume();
  } else if (phase_ == Phase::kOpen && !processing_ && !waiting_readable_) {
    end_turn();
  }
}

void Connection::take_turn() {
  turn_ended_ = false;
  if (phase_ == Phase::kOpen && !waiting_readable_ && !busy() && !whole_left_) {
    read_some();
  } else {
    resume();
  }
}

bool Connection::busy() const {
  return session_.busy() || (rooms_ && rooms_->loading());
}

// Both return whether there is no whole packet left.
bool Connection::process_tcp(char*& at, char* end) {
  Turn<> turn;
  std::string_view bytes(at, static_cast<std::size_t>(end - at));
  while (phase_ == Phase::kOpen && !busy()) {
    auto packet = wire::next_tcp_packet(bytes);
    if (!packet) return true;
    at = end - bytes.size();
    on_binary(*packet);
    if (turn.over(packet->size(), at < end)) return false;
  }
  return false;
}

bool Connection::process_web_socket(char*& at, char* end) {
  Turn<> turn;
  while (phase_ == Phase::kOpen && !busy()) {
    auto event = web_socket_->next(at, end);
    if (event.kind == wire::WsEvent::Kind::kNeedMore) return true;
    on_web_socket_event(event);
    if (turn.over(event.payload.size(), at < end)) return false;
  }
  return false;
}

void Connection::on_web_socket_event(const wire::WsEvent& event) {
  using Kind = wire::WsEvent::Kind;
  switch (event.kind) {
    case Kind::kNeedMore: break;
    case Kind::kText: on_text(event.payload); break;
    case Kind::kBinary: on_binary(event.payload); break;
    case Kind::kPing: append(event.payload, wire::WsOpcode::kPong); break;
    case Kind::kPong: break;
    case Kind::kClose:
      session_.on_closed();
      end(event.code, {});
      break;
    case Kind::kError:
      session_.on_closed();
      end(event.code, event.payload);
      break;
  }
}

void Connection::on_binary(std::string_view packet) {
  text_ = false;
  auto& input = hub_.input();
  if (!input.ParseFromArray(packet.data(), static_cast<int>(packet.size()))) {
    session_.on_undecodable("the packet is no Input");
    return;
  }
  session_.on_packet(input, hub_.now());
}

void Connection::on_text(std::string_view packet) {
  text_ = true;
  auto& input = hub_.input();
  auto parsed = wire::packet_from_json(packet, input);
  if (!parsed) {
    session_.on_undecodable(parsed.error().message());
    return;
  }
  session_.on_packet(input, hub_.now());
}

}  // namespace linnet::gateway
