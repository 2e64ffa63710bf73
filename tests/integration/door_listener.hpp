// One device that listens at one door, whichever it is.
#pragma once

#include "pb/push.ext.pb.h"
#include "stream_client.hpp"
#include "support/server_process.hpp"

#include "linnet/wire/json.hpp"

#ifdef LINNET_GRPC
#include "grpc_kit.hpp"
#endif

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linnet::test {

class DoorListener {
 public:
  virtual ~DoorListener() = default;
  // The next message; none when the server has ended it.
  virtual std::optional<pb::MessageItem> next() = 0;
  // Until one says `words`.
  void wait_for(const std::string& words) {
    for (;;) {
      auto item = next();
      REQUIRE(item);
      if (text_of(*item) == words) return;
    }
  }
};

class ListensOnConnection final : public DoorListener {
 public:
  explicit ListensOnConnection(LongConnection connection) : connection_(std::move(connection)) {
    connection_.sync(0);
  }
  std::optional<pb::MessageItem> next() override {
    for (;;) {
      auto packet = connection_.receive();
      if (!packet) return std::nullopt;
      if (packet->type() != pb::PT_MESSAGE) continue;
      pb::Message message;
      REQUIRE(message.ParseFromString(packet->data()));
      return message.message();
    }
  }

 private:
  LongConnection connection_;
};

class ListensToEvents final : public DoorListener {
 public:
  ListensToEvents(std::uint16_t port, const TestUser& user)
      : events_(port, user,
                "&user_id=" + std::to_string(user.id.value()) +
                    "&device_id=" + std::to_string(user.device.value())) {}
  std::optional<pb::MessageItem> next() override {
    auto event = events_.next();
    if (event.type == "end" || event.data.is_null()) return std::nullopt;
    pb::MessageItem item;
    REQUIRE(wire::from_json(event.data.dump(), item));
    return item;
  }

 private:
  Events events_;
};

// Receive over HTTP: Connect and gRPC-Web, whose frames of messages are the same.
class ListensToFrames final : public DoorListener {
 public:
  ListensToFrames(std::uint16_t port, const TestUser& user, const std::string& type)
      : stream_(port, receive_request(user, type, envelope({}))) {}
  std::optional<pb::MessageItem> next() override {
    const auto frame = stream_.chunk();
    if (frame.empty() || frame[0] != 0) return std::nullopt;
    pb::Message message;
    REQUIRE(message.ParseFromString(frame.substr(5)));
    return message.message();
  }

 private:
  Stream stream_;
};

#ifdef LINNET_GRPC
class ListensOverGrpc final : public DoorListener {
 public:
  ListensOverGrpc(std::uint16_t port, const TestUser& user)
      : receiver_(channel_to(port), user, 0) {}
  std::optional<pb::MessageItem> next() override { return receiver_.next(); }

 private:
  GrpcReceiver receiver_;
};
#endif

// The settings with which a server has all doors.
inline std::vector<std::string> with_all_doors(std::vector<std::string> settings = {}) {
#ifdef LINNET_GRPC
  settings.insert(settings.end(), {"--set", "grpc.listen=127.0.0.1:0"});
#endif
  return settings;
}

inline const std::vector<std::string>& listening_doors() {
  static const std::vector<std::string> all{
      "TCP",
      "WebSocket",
      "WebSocket in JSON",
      "/events",
      "Receive in Connect",
      "Receive in gRPC-Web",
#ifdef LINNET_GRPC
      "Receive over gRPC",
#endif
  };
  return all;
}

// Throws, or ends at once, where the server refuses.
inline std::unique_ptr<DoorListener> listen_at(const std::string& door, const ServerProcess& server,
                                               const TestUser& user) {
  using Kind = LongConnection::Door;
  const auto port = server.http_port();
  if (door == "/events") return std::make_unique<ListensToEvents>(port, user);
  if (door == "Receive in Connect")
    return std::make_unique<ListensToFrames>(port, user, "application/connect+proto");
  if (door == "Receive in gRPC-Web")
    return std::make_unique<ListensToFrames>(port, user, "application/grpc-web+proto");
#ifdef LINNET_GRPC
  if (door == "Receive over gRPC")
    return std::make_unique<ListensOverGrpc>(server.grpc_port(), user);
#endif
  const auto kind = door == "TCP"         ? Kind::kTcp
                    : door == "WebSocket" ? Kind::kWebSocket
                                          : Kind::kWebSocketJson;
  return std::make_unique<ListensOnConnection>(
      LongConnection::sign_in(kind, server.tcp_port(), port, user));
}

// A person on a device of its own at each door.
inline std::vector<std::unique_ptr<DoorListener>> listen_everywhere(const ServerProcess& server,
                                                                    const std::string& phone) {
  std::vector<std::unique_ptr<DoorListener>> all;
  for (const auto& door : listening_doors())
    all.push_back(listen_at(door, server, sign_in(server.http_port(), phone)));
  return all;
}

}  // namespace linnet::test
