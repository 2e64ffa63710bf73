// The protocol over TCP in one page: sign in, sync, print what comes, acknowledge, heartbeat. It
// sends no messages and does not connect again; linnet-chat does both, with the library in
// src/client. docs/protocol.md explains each step.
#include "common/printable.hpp"
#include "common/start.hpp"
#include "pb/conn.ext.pb.h"

#include "linnet/wire/tcp.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>

namespace example = linnet::example;
namespace wire = linnet::wire;
using Clock = std::chrono::steady_clock;

namespace {

class TcpClient {
 public:
  explicit TcpClient(const example::Start& who) : fd_(example::connect_to(who.host, who.port)) {
    // The first packet of a connection says who we are.
    pb::SignInInput sign_in;
    sign_in.set_user_id(who.user.value());
    sign_in.set_device_id(who.device.value());
    sign_in.set_token(who.token);
    send(pb::PT_SIGN_IN, sign_in.SerializeAsString());
  }

  void run() {
    for (;;) {
      auto left = std::chrono::ceil<std::chrono::milliseconds>(next_heartbeat_ - Clock::now());
      if (left.count() <= 0) {  // a connection that says nothing for 11 minutes is closed
        send(pb::PT_HEARTBEAT, std::string());
        next_heartbeat_ = Clock::now() + kHeartbeat;
      } else if (example::receive(fd_, received_, left.count())) {
        handle_packets();
      }
    }
  }

 private:
  static constexpr auto kHeartbeat = std::chrono::minutes(5);

  // Up goes Input{type, request_id, data}, behind its length; `data` belongs to the type.
  void send(pb::PackageType type, const std::string& data) {
    pb::Input packet;
    packet.set_type(type);
    packet.set_request_id(++request_id_);  // ours to choose; the answer brings it back
    packet.set_data(data);
    std::string frame;
    wire::append_tcp_frame(packet.SerializeAsString(), frame);
    example::send_all(fd_, frame);
  }

  // Bytes come as they like: several packets at once, or a part of one, which stays in received_.
  void handle_packets() {
    const auto seq_before = seq_;
    std::string_view bytes = received_;
    while (auto frame = wire::next_tcp_packet(bytes)) {
      pb::Output packet;
      if (!packet.ParseFromArray(frame->data(), static_cast<int>(frame->size())))
        example::fail("the server sent what is no packet");
      handle(packet);
    }
    received_.erase(0, received_.size() - bytes.size());
    if (seq_ == seq_before) return;
    pb::MessageACK ack;  // one for all messages up to this seq; nothing answers it
    ack.set_device_ack(seq_);
    send(pb::PT_MESSAGE, ack.SerializeAsString());
  }

  // Down comes Output{type, request_id, code, message, data}.
  void handle(const pb::Output& packet) {
    if (packet.code() != 0)
      example::fail("error " + std::to_string(packet.code()) + ": " + packet.message());
    if (packet.type() == pb::PT_SIGN_IN) {  // it holds; now ask for what we do not have
      pb::SyncInput sync;
      sync.set_seq(seq_);
      send(pb::PT_SYNC, sync.SerializeAsString());
    } else if (packet.type() == pb::PT_SYNC) {  // one packet or several answer it
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
  Clock::time_point next_heartbeat_ = Clock::now() + kHeartbeat;
};

}  // namespace

int main(int argc, char** argv) {
  auto who = example::start(argc, argv, "Prints a user's messages, over TCP.", "--tcp-port");
  std::cout << "user " << who.user.value() << " on device " << who.device.value() << std::endl;
  TcpClient(who).run();
}
