// The long connection of a client made of nothing but sockets, over either door.
#include "raw_client.hpp"
#include "raw_http.hpp"

#include "linnet/wire/json.hpp"
#include "linnet/wire/tcp.hpp"

namespace linnet::test {

LongConnection LongConnection::raw_tcp(std::uint16_t tcp_port) {
  return {Door::kTcp, Socket(tcp_port)};
}

LongConnection LongConnection::sign_in(Door door, std::uint16_t tcp_port, std::uint16_t http_port,
                                       const TestUser& user) {
  if (door == Door::kTcp) {
    auto connection = raw_tcp(tcp_port);
    pb::SignInInput sign_in;
    sign_in.set_user_id(user.id.value());
    sign_in.set_device_id(user.device.value());
    sign_in.set_token(user.token);
    connection.send(pb::PT_SIGN_IN, 1, sign_in.SerializeAsString());
    auto answer = connection.receive();
    if (!answer) throw std::runtime_error("closed while signing in");
    if (answer->type() != pb::PT_SIGN_IN) throw ProtocolError("another answer than to a sign-in");
    if (answer->code() != 0) throw Refused(answer->code(), "sign-in refused: " + answer->message());
    return connection;
  }
  LongConnection connection(door, Socket(http_port));
  std::string target = "/ws?user_id=" + std::to_string(user.id.value()) +
                       "&device_id=" + std::to_string(user.device.value()) +
                       "&token=" + user.token +
                       (door == Door::kWebSocketJson ? "&format=json" : "");
  connection.socket_.send(request_text(http_port, "GET", target,
                                       {{"Upgrade", "websocket"},
                                        {"Connection", "Upgrade"},
                                        {"Sec-WebSocket-Version", "13"},
                                        {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}},
                                       {}));
  auto answer = read_answer(connection.socket_, connection.received_);
  if (answer.status != 101) throw refusal("the upgrade", answer);
  return connection;
}

void LongConnection::send(pb::PackageType type, std::int64_t request_id, const std::string& data) {
  pb::Input packet;
  packet.set_type(type);
  packet.set_request_id(request_id);
  packet.set_data(data);
  std::string framed;
  if (door_ == Door::kTcp) {
    wire::append_tcp_frame(packet.SerializeAsString(), framed);
  } else if (door_ == Door::kWebSocket) {
    wire::append_masked_ws_frame(wire::WsOpcode::kBinary, packet.SerializeAsString(), 0x12345678U,
                                 framed);
  } else {
    wire::append_masked_ws_frame(wire::WsOpcode::kText, wire::packet_to_json(packet), 0x12345678U,
                                 framed);
  }
  socket_.send(framed);
}

bool LongConnection::take_tcp(pb::Output& packet) {
  std::string_view bytes(received_);
  auto next = wire::next_tcp_packet(bytes);
  if (!next) return false;
  if (!packet.ParseFromArray(next->data(), static_cast<int>(next->size())))
    throw ProtocolError("no Output");
  received_.erase(0, received_.size() - bytes.size());
  return true;
}

bool LongConnection::take_web_socket(pb::Output& packet) {
  using Kind = wire::WsEvent::Kind;
  char* begin = received_.data();
  char* at = begin;
  auto event = decoder_.next(at, begin + received_.size());
  bool got = true;
  switch (event.kind) {
    case Kind::kNeedMore: return false;
    case Kind::kBinary:
      if (!packet.ParseFromArray(event.payload.data(), static_cast<int>(event.payload.size())))
        throw ProtocolError("no Output");
      break;
    case Kind::kText:
      if (!wire::packet_from_json(event.payload, packet)) throw ProtocolError("no JSON Output");
      break;
    case Kind::kClose:
      close_code_ = event.code;
      close_reason_ = event.payload;
      closed_ = true;
      return false;
    case Kind::kError: throw ProtocolError("the server sent a bad frame");
    default: got = false; break;
  }
  received_.erase(0, static_cast<std::size_t>(at - begin));
  return got || take_web_socket(packet);
}

bool LongConnection::take(pb::Output& packet) {
  return door_ == Door::kTcp ? take_tcp(packet) : take_web_socket(packet);
}

std::optional<pb::Output> LongConnection::receive(std::chrono::milliseconds limit) {
  pb::Output packet;
  while (!take(packet)) {
    if (closed_ || !socket_.receive(received_, limit)) return std::nullopt;
  }
  return packet;
}

std::vector<pb::MessageItem> LongConnection::sync(std::int64_t seq) {
  pb::SyncInput request;
  request.set_seq(seq);
  send(pb::PT_SYNC, 77, request.SerializeAsString());
  std::vector<pb::MessageItem> items;
  for (;;) {
    auto packet = receive();
    if (!packet) throw std::runtime_error("closed while syncing");
    if (packet->type() != pb::PT_SYNC) continue;
    if (packet->code() != 0) throw Refused(packet->code(), "sync failed: " + packet->message());
    pb::SyncOutput answer;
    if (!answer.ParseFromString(packet->data())) throw ProtocolError("no SyncOutput");
    for (const auto& item : answer.messages())
      items.push_back(item);
    if (!answer.has_more()) return items;
  }
}

pb::MessageItem LongConnection::next_message(std::chrono::milliseconds limit) {
  for (;;) {
    auto packet = receive(limit);
    if (!packet) throw std::runtime_error("closed while waiting for a message");
    if (packet->type() != pb::PT_MESSAGE) continue;
    pb::Message message;
    if (!message.ParseFromString(packet->data())) throw ProtocolError("no Message");
    return message.message();
  }
}

void LongConnection::acknowledge(std::int64_t seq) {
  pb::MessageACK ack;
  ack.set_device_ack(seq);
  send(pb::PT_MESSAGE, 0, ack.SerializeAsString());
}

}  // namespace linnet::test
