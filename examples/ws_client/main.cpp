// The protocol over a WebSocket in one page: upgrade, sync, print what comes, acknowledge,
// heartbeat. It sends no messages and does not connect again; linnet-chat does both, with the
// library in src/client. docs/protocol.md explains each step.
#include "common/printable.hpp"
#include "common/start.hpp"
#include "pb/conn.ext.pb.h"

#include "linnet/base/random.hpp"
#include "linnet/wire/websocket.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>

namespace example = linnet::example;
namespace wire = linnet::wire;
using Clock = std::chrono::steady_clock;

namespace {

class WebSocketClient {
 public:
  explicit WebSocketClient(const example::Start& who)
      : fd_(example::connect_to(who.host, who.port)) {
    upgrade(who);
    pb::SyncInput sync;  // the upgrade was the sign-in; now ask for what we do not have
    sync.set_seq(seq_);
    send(pb::PT_SYNC, sync.SerializeAsString());
    handle_frames();  // what came behind the upgrade's answer
  }

  void run() {
    for (;;) {
      auto left = std::chrono::ceil<std::chrono::milliseconds>(next_heartbeat_ - Clock::now());
      if (left.count() <= 0) {  // a connection that says nothing for 12 minutes is closed
        send(pb::PT_HEARTBEAT, std::string());
        next_heartbeat_ = Clock::now() + kHeartbeat;
      } else if (example::receive(fd_, received_, left.count())) {
        handle_frames();
      }
    }
  }

 private:
  static constexpr auto kHeartbeat = std::chrono::minutes(5);

  // The token goes in a header: URLs end up in logs.
  void upgrade(const example::Start& who) {
    auto key = linnet::random_token(16) + "==";  // base64 of 16 random bytes
    std::replace(key.begin(), key.end(), '-', '+');
    std::replace(key.begin(), key.end(), '_', '/');
    example::send_all(fd_, "GET /ws?user_id=" + std::to_string(who.user.value()) +
                               "&device_id=" + std::to_string(who.device.value()) +
                               " HTTP/1.1\r\nHost: " + who.host +
                               "\r\nUpgrade: websocket\r\nConnection: Upgrade" +
                               "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key +
                               "\r\nAuthorization: Bearer " + who.token + "\r\n\r\n");
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (received_.size() > 16384 || !example::receive(fd_, received_, 10000))
        example::fail("no answer to the upgrade");
    }
    const auto head = received_.substr(0, end);
    if (!head.starts_with("HTTP/1.1 101 ") || head.find(wire::ws_accept(key)) == std::string::npos)
      example::fail("refused: " + received_);
    received_.erase(0, end + 4);
  }

  // Up goes Input{type, request_id, data}, a binary message; `data` belongs to the type.
  void send(pb::PackageType type, const std::string& data) {
    pb::Input packet;
    packet.set_type(type);
    packet.set_request_id(++request_id_);  // ours to choose; the answer brings it back
    packet.set_data(data);
    send_frame(wire::WsOpcode::kBinary, packet.SerializeAsString());
  }

  void send_frame(wire::WsOpcode opcode, std::string_view payload) {
    const auto mask = linnet::random_below(0xffffffffU);  // a new one for each frame
    std::string frame;
    wire::append_masked_ws_frame(opcode, payload, mask, frame);
    example::send_all(fd_, frame);
  }

  // Bytes come as they like: several frames at once, or a part of one, which stays in received_.
  void handle_frames() {
    using Kind = wire::WsEvent::Kind;
    const auto seq_before = seq_;
    char* begin = received_.data();
    char* const end = begin + received_.size();
    for (auto event = decoder_.next(begin, end); event.kind != Kind::kNeedMore;
         event = decoder_.next(begin, end)) {
      pb::Output packet;
      if (event.kind == Kind::kPing) send_frame(wire::WsOpcode::kPong, event.payload);
      if (event.kind == Kind::kPing || event.kind == Kind::kPong) continue;
      if (event.kind != Kind::kBinary)
        example::fail("closed, code " + std::to_string(static_cast<int>(event.code)) + " " +
                      std::string(event.payload));
      if (!packet.ParseFromArray(event.payload.data(), static_cast<int>(event.payload.size())))
        example::fail("the server sent what is no packet");
      handle(packet);
    }
    received_.erase(0, static_cast<std::size_t>(begin - received_.data()));
    if (seq_ == seq_before) return;
    pb::MessageACK ack;  // one for all messages up to this seq; nothing answers it
    ack.set_device_ack(seq_);
    send(pb::PT_MESSAGE, ack.SerializeAsString());
  }

  // Down comes Output{type, request_id, code, message, data}.
  void handle(const pb::Output& packet) {
    if (packet.code() != 0)
      example::fail("error " + std::to_string(packet.code()) + ": " + packet.message());
    if (packet.type() == pb::PT_SYNC) {  // one packet or several answer it
      pb::SyncOutput missed;
      if (!missed.ParseFromString(packet.data())) example::fail("no SyncOutput");
      // It begins elsewhere than we asked: we are new, or the server was restored from a backup.
      if (missed.has_after()) seq_ = missed.after();
      for (const auto& item : missed.messages())
        show(item);
      if (missed.has_more()) return;
      synced_ = true;
      std::cout << "synced" << std::endl;
    } else if (packet.type() == pb::PT_MESSAGE) {  // pushed
      pb::Message pushed;
      if (!pushed.ParseFromString(packet.data())) example::fail("no Message");
      // Before the sync has been answered: it comes again with that, behind what is older.
      if (synced_ || !of_inbox(pushed.message())) show(pushed.message());
    }  // the answer to a heartbeat needs nothing
  }

  // Not: what is stored nowhere (0), and a large group's message, whose seq is the group's.
  static bool of_inbox(const pb::MessageItem& item) {
    return item.seq() != 0 && item.receiver_type() != pb::RT_LARGE_GROUP;
  }

  void show(const pb::MessageItem& item) {
    if (of_inbox(item) && item.seq() <= seq_) return;  // we have it
    if (of_inbox(item)) seq_ = item.seq();
    pb::Text text;
    const bool is_text = item.message_type() == pb::MT_TEXT;
    std::cout << "user " << item.sender_id() << ": ";
    if (is_text && text.ParseFromString(item.message_content()))
      std::cout << example::printable(text.text()) << std::endl;
    else
      std::cout << "(a message of type " << item.message_type() << ")" << std::endl;
  }

  int fd_;
  std::int64_t request_id_ = 0;
  std::int64_t seq_ = 0;  // of the newest message that we have; a real client keeps it in a file
  bool synced_ = false;
  std::string received_;
  wire::WsDecoder decoder_{wire::WsRole::kClient, 65535};
  Clock::time_point next_heartbeat_ = Clock::now() + kHeartbeat;
};

}  // namespace

int main(int argc, char** argv) {
  if (!linnet::init_random()) example::fail("the system gives no randomness");
  auto who =
      example::start(argc, argv, "Prints a user's messages, over a WebSocket.", "--http-port");
  std::cout << "user " << who.user.value() << " on device " << who.device.value() << std::endl;
  WebSocketClient(who).run();
}
