#include "connection.hpp"

#include "hub.hpp"
#include "pb/conn.ext.pb.h"
#include "room_seats.hpp"

#include "linnet/wire/json.hpp"
#include "linnet/wire/tcp.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace linnet::gateway {
namespace {

using tcp = boost::asio::ip::tcp;

constexpr std::chrono::milliseconds kLinger{2000};  // for the peer to read the last word

}  // namespace

Connection::Connection(Hub& hub, TcpSocket socket, Gate::Ticket ticket, Door door)
    : hub_(hub),
      socket_(std::move(socket)),
      session_(*this, hub.options(), hub.now()),
      web_socket_(door == Door::kWebSocket
                      ? std::make_unique<wire::WsDecoder>(wire::WsRole::kServer, wire::kMaxPacket)
                      : nullptr),
      ticket_(std::move(ticket)) {}

Connection::~Connection() = default;

void Connection::release_if_large(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeepCapacity) std::string().swap(buffer);
}

void Connection::start_tcp() {
  wait_readable();
}

void Connection::start_web_socket(user::Identity identity, std::int64_t request_id, bool text,
                                  std::string early) {
  text_ = text;
  in_ = std::move(early);
  whole_left_ = !in_.empty();
  session_.start(identity, request_id);
  resume();
}

// ---- writing ----

void Connection::send(const pb::Output& packet) {
  if (stream_) {
    // Of packets a stream has only the error with which it ends.
    if (packet.code() != 0)
      stream_->why = Error(static_cast<ErrCode>(packet.code()), packet.message());
    return;
  }
  if (text_) {
    append(wire::packet_to_json(packet), wire::WsOpcode::kText);
    return;
  }
  auto& scratch = hub_.scratch();
  scratch.clear();
  packet.AppendToString(&scratch);
  append(scratch, wire::WsOpcode::kBinary);
}

void Connection::send_push(Seq seq, const wire::Push& push) {
  hub_.page_reads().sent();
  if (stream_) {
    if (phase_ != Phase::kOpen) return;
    stream_->items.item(seq, push, out_);
    mark_unsent();
    return;
  }
  auto& scratch = hub_.scratch();
  scratch.clear();
  if (text_) {
    push.append_text(seq, scratch);
  } else {
    push.append_binary(seq, scratch);
  }
  append(scratch, text_ ? wire::WsOpcode::kText : wire::WsOpcode::kBinary);
}

// From the bytes that all share, without a copy of them here: what a room says costs each member
// no memory, and one system call or less. What the socket does not take, and any error, is for
// flush().
void Connection::send_run(const wire::FrameRunPtr& run) {
  if (phase_ == Phase::kClosed || close_frame_sent_) return;
  auto framing = text_ ? wire::Framing::kWebSocketText : wire::Framing::kWebSocketBinary;
  auto bytes = run->bytes(web_socket_ ? framing : wire::Framing::kTcp);
  if (unsent() == 0 && !waiting_writable_ && !batched_) {
    batched_ = true;  // the batch may be sent before add() returns
    if (hub_.send_with_others(*this, socket_.native_handle(), bytes, run)) return;
    batched_ = false;
    auto sent =
        ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (bytes.empty()) return;
  }
  out_ += bytes;
  mark_unsent();
}

void Connection::on_batch_sent(std::string_view rest) {
  batched_ = false;
  if (rest.empty()) return;
  out_.insert(0, rest);  // nothing of it has been sent: that waits for the batch
  mark_unsent();
}

// Before anything else becomes of the socket.
void Connection::settle() {
  if (batched_) hub_.send_noted();
}

void Connection::append(std::string_view packet, wire::WsOpcode opcode) {
  if (phase_ == Phase::kClosed || close_frame_sent_) return;
  if (web_socket_) {
    wire::append_ws_frame(opcode, packet, out_);
  } else if (!wire::append_tcp_frame(packet, out_)) {
    hub_.services().log.error("packet_too_large", {{"bytes", packet.size()}});
    abort();
    return;
  }
  mark_unsent();
}

void Connection::mark_unsent() {
  if (flush_marked_ || waiting_writable_) return;
  flush_marked_ = true;
  hub_.flush_at_turn_end(shared_from_this());
}

void Connection::flush() {
  settle();
  if (std::exchange(flush_marked_, false) && phase_ == Phase::kClosing) closing_since_ = hub_.now();
  while (phase_ != Phase::kClosed && unsent() > 0) {
    auto sent = ::send(socket_.native_handle(), out_.data() + out_sent_, unsent(),
                       MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      out_sent_ += static_cast<std::size_t>(sent);
      if (stream_) stream_->last_sent = hub_.now();
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      abort();
      return;
    }
    // Sent bytes leave the buffer only in bulk, so that a slow reader costs no quadratic copying.
    if (out_sent_ > out_.size() / 2) {
      out_.erase(0, out_sent_);
      out_sent_ = 0;
    }
    waiting_writable_ = true;
    look_soon();
    socket_.async_wait(TcpSocket::wait_write,
                       [self = shared_from_this()](boost::system::error_code error) {
                         self->waiting_writable_ = false;
                         if (!error) self->flush();
                       });
    return;
  }
  if (phase_ == Phase::kClosed) return;
  out_sent_ = 0;
  release_if_large(out_);
  if (phase_ == Phase::kClosing) {
    boost::system::error_code ignored;
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
    if (peer_done_) finish();
    return;
  }
  session_.on_drained();
  if (rooms_) rooms_->on_drained();
  resume();
}

// ---- ending ----

void Connection::end(wire::CloseCode code, std::string_view reason) {
  if (phase_ != Phase::kOpen) return;
  if (stream_) end_stream(code);
  rooms_.reset();
  if (web_socket_) {
    append(wire::ws_close_payload(code, reason), wire::WsOpcode::kClose);
    close_frame_sent_ = true;
  }
  phase_ = Phase::kClosing;
  closing_since_ = hub_.now();
  look_soon();
  mark_unsent();
  wait_readable();
}

void Connection::abort() {
  session_.on_closed();
  finish();
}

void Connection::finish() {
  if (phase_ == Phase::kClosed) return;
  settle();
  phase_ = Phase::kClosed;
  session_.on_closed();
  rooms_.reset();
  boost::system::error_code ignored;
  socket_.close(ignored);
  ticket_ = Gate::Ticket();
  hub_.remove(*this);  // the caller holds a reference
}

void Connection::look_soon() {
  hub_.look_soon(*this);
}

std::chrono::milliseconds Connection::sweep(std::chrono::milliseconds now) {
  if (phase_ == Phase::kClosing) {
    // Among thousands its turn to be written to may not have come.
    if (flush_marked_) return now;
    if (now - closing_since_ >= kLinger) finish();
    return closing_since_ + kLinger;
  }
  // A stream's client is never heard of: whether it lives shows in what it takes.
  auto idle = std::chrono::milliseconds::max();
  if (!stream_) idle = web_socket_ ? hub_.options().ws_idle : hub_.options().tcp_idle;
  if (session_.put_off()) hub_.services().refusals.count(Refusal::kPackets);
  if (session_.on_sweep(now, idle)) hub_.services().refusals.count(Refusal::kLateSignIn);
  if (stream_) {
    if (phase_ == Phase::kOpen) sweep_stream(now);
  } else {
    resume_later();  // it may be allowed to go on
  }
  // Who holds something is counted, and who is not read may be waiting for its time.
  if (phase_ != Phase::kOpen || unsent() > 0 || holds_much() || !waiting_readable_) return now;
  return stream_ ? std::min(stream_due(), session_.due(idle)) : session_.due(idle);
}

}  // namespace linnet::gateway
