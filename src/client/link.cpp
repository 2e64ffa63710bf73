// TCP framing and the client's side of a WebSocket over one Socket.
#include "link.hpp"

#include "http_reader.hpp"

#include "linnet/base/random.hpp"
#include "linnet/wire/tcp.hpp"

#include <algorithm>
#include <limits>
#include <poll.h>
#include <utility>

namespace linnet::client {
namespace {

// A peer that pings and never reads must not fill the memory.
constexpr std::size_t kMaxUnsent = 1U << 20U;

std::uint32_t random_mask() {
  constexpr std::uint32_t kBound = 1U << 16U;
  return random_below(kBound) << 16U | random_below(kBound);
}

// Base64 of 16 random bytes; random_token() writes the alphabet for URLs, unpadded.
std::string random_key() {
  auto key = random_token(16);
  std::replace(key.begin(), key.end(), '-', '+');
  std::replace(key.begin(), key.end(), '_', '/');
  return key + "==";
}

std::string upgrade_request(const LinkTarget& target, const SessionIdentity& identity,
                            const std::string& key) {
  const bool v6 = target.host.find(':') != std::string::npos;
  const auto host = v6 ? "[" + target.host + "]" : target.host;
  return "GET /ws?user_id=" + std::to_string(identity.user.value()) +
         "&device_id=" + std::to_string(identity.device.value()) + " HTTP/1.1\r\nHost: " + host +
         ":" + std::to_string(target.port) + "\r\nAuthorization: Bearer " + identity.token +
         "\r\nUpgrade: websocket\r\nConnection: Upgrade"
         "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
         key + "\r\n\r\n";
}

}  // namespace

Link::Opened Link::open(const LinkTarget& target, const SessionIdentity& identity,
                        const Cancel& cancel) {
  const auto deadline = std::chrono::steady_clock::now() + target.timeout;
  Opened opened;
  auto socket = Socket::connect(target.host, target.port, deadline, &cancel);
  if (!socket) {
    opened.end = End{socket.take_error(), false};
    return opened;
  }
  Link link(std::move(*socket), target.door == Session::Door::kWebSocket);
  if (link.web_socket_) {
    auto upgraded = link.upgrade(target, identity, deadline, cancel, opened.end);
    if (!upgraded && !opened.end) opened.end = End{upgraded.take_error(), false};
    if (opened.end) return opened;
  }
  opened.link = std::move(link);
  return opened;
}

Status Link::upgrade(const LinkTarget& target, const SessionIdentity& identity, SteadyTime deadline,
                     const Cancel& cancel, std::optional<End>& refusal) {
  if (!is_header_safe(target.host) || !is_header_safe(identity.token)) {
    Error error(ErrCode::kBadRequest, "a host or token with blanks or control characters");
    refusal = End{error, true};
    return error;
  }
  const auto key = random_key();
  auto sent = socket_.send_all(upgrade_request(target, identity, key), deadline, &cancel);
  if (!sent) return sent;
  HttpReader reader;
  for (bool whole = false; !whole;) {
    auto got = socket_.receive(received_, deadline, &cancel);
    if (!got) return got.take_error();
    if (*got == 0) return Error(ErrCode::kServerUnknown, "the server closed before its answer");
    auto fed = reader.feed(received_);
    if (!fed) return fed.take_error();
    whole = *fed;
  }
  const auto answer = reader.take();
  if (answer.status != 101) {
    refusal = judge_refusal(answer.status, answer.body);
    return refusal->error;
  }
  if (answer.header("sec-websocket-accept") != wire::ws_accept(key))
    return Error(ErrCode::kServerUnknown, "the server's WebSocket answer belongs to another key");
  return success();
}

void Link::queue(const pb::Input& packet) {
  auto bytes = packet.SerializeAsString();
  if (web_socket_) {
    queue_frame(wire::WsOpcode::kBinary, bytes);
  } else {
    // What a session asks is far below the largest packet.
    wire::append_tcp_frame(bytes, unsent_);
  }
}

void Link::queue_frame(wire::WsOpcode opcode, std::string_view payload) {
  wire::append_masked_ws_frame(opcode, payload, random_mask(), unsent_);
}

Status Link::flush() {
  while (!unsent_.empty()) {
    auto sent = socket_.send_some(unsent_);
    if (!sent) return sent.take_error();
    if (*sent == 0) break;
    unsent_.erase(0, *sent);
  }
  return success();
}

Status Link::wait(SteadyTime until, const Cancel& cancel) {
  const auto events = static_cast<short>(unsent_.empty() ? POLLIN : POLLIN | POLLOUT);
  return socket_.wait(events, until, &cancel);
}

void Link::receive(Session& session, Session::Time now) {
  // A deadline in the past: take what is there.
  auto got = socket_.receive(received_, SteadyTime());
  if (!got) {
    if (got.code() != ErrCode::kTimeout) session.on_lost(got.take_error());
    return;
  }
  const bool closed = *got == 0;
  if (!closed) session.on_bytes(now);
  if (web_socket_) {
    parse_web_socket(session, now);
  } else {
    parse_tcp(session, now);
  }
  if (unsent_.size() > kMaxUnsent)
    session.on_lost(Error(ErrCode::kServerUnknown, "the server does not read"));
  if (closed) session.on_lost(Error(ErrCode::kServerUnknown, "the server closed the connection"));
}

void Link::say_goodbye() {
  if (web_socket_)
    queue_frame(wire::WsOpcode::kClose, wire::ws_close_payload(wire::CloseCode::kNormal, {}));
  // Best effort: the server notices a closed socket too.
  if (!flush()) unsent_.clear();
}

void Link::parse_tcp(Session& session, Session::Time now) {
  std::string_view bytes(received_);
  while (auto packet = wire::next_tcp_packet(bytes)) {
    pb::Output output;
    if (!output.ParseFromArray(packet->data(), static_cast<int>(packet->size())))
      return session.on_undecodable();
    session.on_packet(output, now);
  }
  received_.erase(0, received_.size() - bytes.size());
}

void Link::parse_web_socket(Session& session, Session::Time now) {
  using Kind = wire::WsEvent::Kind;
  char* at = received_.data();
  char* const end = at + received_.size();
  while (!session.end()) {
    auto event = decoder_.next(at, end);
    if (event.kind == Kind::kNeedMore) break;
    switch (event.kind) {
      case Kind::kBinary: {
        pb::Output output;
        if (!output.ParseFromArray(event.payload.data(), static_cast<int>(event.payload.size())))
          return session.on_undecodable();
        session.on_packet(output, now);
        break;
      }
      case Kind::kPing: queue_frame(wire::WsOpcode::kPong, event.payload); break;
      case Kind::kClose:
        queue_frame(wire::WsOpcode::kClose, wire::ws_close_payload(event.code, {}));
        session.on_close(event.code, event.payload);
        break;
      case Kind::kText:
      case Kind::kError: return session.on_undecodable();
      default: break;
    }
  }
  received_.erase(0, static_cast<std::size_t>(at - received_.data()));
}

}  // namespace linnet::client
