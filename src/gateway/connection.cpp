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

constexpr std::size_t kReadBytes = 16 * 1024;       // what is kept of it waits in in_
constexpr std::chrono::milliseconds kLinger{2000};  // for the peer to read the last word
constexpr std::size_t kDiscarded = 256 * 1024;      // bytes read meanwhile
constexpr std::size_t kKeepCapacity = 4096;  // larger buffers are given back when they are empty

// How long one connection's packets may keep the others of its shard waiting. Who has sent more
// than can be served in it goes on when the others have been served.
constexpr std::chrono::microseconds kTurn{50};
constexpr int kPacketsBetweenLooks = 4;

void release_if_large(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeepCapacity) std::string().swap(buffer);
}

}  // namespace

// One connection's packets while it is its turn. Looks at the clock now and then only.
class Connection::Turn {
 public:
  // After each packet.
  bool over() {
    if (++packets_ % kPacketsBetweenLooks != 0) return false;
    const auto now = std::chrono::steady_clock::now();
    if (packets_ == kPacketsBetweenLooks) began_ = now;
    return now - began_ >= kTurn;
  }

 private:
  int packets_ = 0;
  std::chrono::steady_clock::time_point began_;
};

Connection::Connection(Hub& hub, tcp::socket socket, Gate::Ticket ticket, Door door)
    : hub_(hub),
      socket_(std::move(socket)),
      session_(*this, hub.options(), hub.now()),
      web_socket_(door == Door::kWebSocket
                      ? std::make_unique<wire::WsDecoder>(wire::WsRole::kServer, wire::kMaxPacket)
                      : nullptr),
      ticket_(std::move(ticket)) {}

Connection::~Connection() = default;

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

// ---- reading ----

void Connection::wait_readable() {
  if (waiting_readable_ || phase_ == Phase::kClosed || peer_done_) return;
  waiting_readable_ = true;
  socket_.async_wait(tcp::socket::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       self->waiting_readable_ = false;
                       if (!error) self->on_readable();
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
    read();
  }
}

void Connection::read() {
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
  session_.on_bytes(static_cast<std::size_t>(got));
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
  in_.assign(at, static_cast<std::size_t>(end - at));
  whole_left_ = !all && !in_.empty();
  if (in_.empty()) release_if_large(in_);
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
    read();
  } else {
    resume();
  }
}

bool Connection::busy() const {
  return session_.busy() || (rooms_ && rooms_->loading());
}

// Both return whether there is no whole packet left.
bool Connection::process_tcp(char*& at, char* end) {
  Turn turn;
  std::string_view bytes(at, static_cast<std::size_t>(end - at));
  while (phase_ == Phase::kOpen && !busy()) {
    auto packet = wire::next_tcp_packet(bytes);
    if (!packet) return true;
    at = end - bytes.size();
    on_binary(*packet);
    if (turn.over()) return false;
  }
  return false;
}

bool Connection::process_web_socket(char*& at, char* end) {
  Turn turn;
  while (phase_ == Phase::kOpen && !busy()) {
    auto event = web_socket_->next(at, end);
    if (event.kind == wire::WsEvent::Kind::kNeedMore) return true;
    on_web_socket_event(event);
    if (turn.over()) return false;
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
  flush_marked_ = false;
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
    socket_.async_wait(tcp::socket::wait_write,
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
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
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

void Connection::sweep(std::chrono::milliseconds now) {
  if (phase_ == Phase::kClosing) {
    if (now - closing_since_ >= kLinger) finish();
    return;
  }
  const auto& options = hub_.options();
  if (stream_) {
    // A stream's client is never heard of: whether it lives shows in what it takes.
    session_.on_sweep(now, std::chrono::milliseconds::max());
    if (phase_ == Phase::kOpen) sweep_stream(now);
    return;
  }
  const bool late = session_.on_sweep(now, web_socket_ ? options.ws_idle : options.tcp_idle);
  if (late) hub_.services().refusals.count(Refusal::kLateSignIn);
  resume_later();  // its allowance is there again, as that of all the others is
}

}  // namespace linnet::gateway
