// A session without a socket: a host that holds the inbox and remembers what it is told.
#pragma once

#include "pb/conn.ext.pb.h"
#include "session.hpp"

#include "linnet/logic/messages.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

namespace linnet::gateway {

using std::chrono::milliseconds;

inline std::int32_t pb_code(ErrCode code) {
  return static_cast<std::int32_t>(code);
}

inline constexpr UserId kUser{7};
inline constexpr DeviceId kDevice{70};
inline constexpr DeviceId kOtherDevice{71};

inline store::Message message_of(Seq seq, DeviceId device = kOtherDevice, std::size_t bytes = 0) {
  store::Message message;
  message.sender_device_id = device;
  message.type = pb::MT_TEXT;
  message.content = "m" + std::to_string(seq.value()) + std::string(bytes, 'x');
  return message;
}

inline wire::PushPtr push_of(Seq seq, DeviceId device = kOtherDevice) {
  return std::make_shared<const wire::Push>(logic::to_item(message_of(seq, device)));
}

// Holds the inbox and remembers all that the session asked for and said.
class FakeHost final : public SessionHost {
 public:
  void authenticate(user::Credentials given) override { credentials = std::move(given); }
  void find_head(UserId) override { head_asked = true; }
  void find_start(UserId, Seq seq) override { start_asked = seq; }
  void find_restart(UserId, DeviceId device) override { restart_asked = device; }
  void read(UserId, Seq after, store::PageLimit limit) override {
    reads.push_back(after);
    sent_at_last_read = sent.size();
    page_limit = limit.entries;
  }
  void acknowledge(UserId, DeviceId, Seq seq) override { acknowledged = seq; }
  void call(user::Identity, const pb::Input& packet) override { called.push_back(packet); }
  void detached(DeviceId) override { ++detachments; }
  void confirm(user::Identity) override {
    CHECK(attached);
    confirmation_asked = true;
  }
  void follow_groups(UserId) override { following_asked = true; }
  router::Attachment attach(UserId, DeviceId, router::Outlet&) override {
    attached = true;
    return {};
  }
  void send(const pb::Output& packet) override {
    sent.push_back(packet);
    unsent_bytes += packet.ByteSizeLong();
  }
  void send_push(Seq seq, const wire::Push& push) override {
    std::string bytes;
    push.append_binary(seq, bytes);
    pb::Output packet;
    REQUIRE(packet.ParseFromString(bytes));
    send(packet);
  }
  void send_run(const wire::FrameRunPtr&) override {}
  void run_soon() const override {}
  void on_room_packet(const pb::Input& packet) override { room_packets.push_back(packet.type()); }
  std::size_t unsent() const override { return unsent_bytes; }
  void end(wire::CloseCode code, std::string_view) override {
    CHECK(!ended);
    ended = code;
  }

  // The seqs of what was sent, in the order of sending, whether pushed or synced.
  std::vector<std::int64_t> seqs() const {
    std::vector<std::int64_t> result;
    for (const auto& packet : sent) {
      if (packet.type() == pb::PT_SYNC) {
        pb::SyncOutput answer;
        REQUIRE(answer.ParseFromString(packet.data()));
        for (const auto& item : answer.messages())
          result.push_back(item.seq());
      } else if (packet.type() == pb::PT_MESSAGE) {
        pb::Message one;
        REQUIRE(one.ParseFromString(packet.data()));
        result.push_back(one.message().seq());
      }
    }
    return result;
  }

  std::optional<user::Credentials> credentials;
  bool head_asked = false;
  std::optional<Seq> start_asked;
  std::optional<DeviceId> restart_asked;
  std::vector<Seq> reads;
  std::size_t page_limit = 0;
  std::size_t sent_at_last_read = 0;
  Seq acknowledged;
  bool attached = false;
  bool confirmation_asked = false;
  bool following_asked = false;
  int detachments = 0;
  std::vector<pb::Input> called;
  std::vector<pb::Output> sent;
  std::vector<int> room_packets;
  std::size_t unsent_bytes = 0;
  std::optional<wire::CloseCode> ended;
};

inline pb::Input input(pb::PackageType type, std::int64_t request_id, std::string data = {}) {
  pb::Input packet;
  packet.set_type(type);
  packet.set_request_id(request_id);
  packet.set_data(std::move(data));
  return packet;
}

inline pb::Input sign_in_packet() {
  pb::SignInInput sign_in;
  sign_in.set_user_id(kUser.value());
  sign_in.set_device_id(kDevice.value());
  sign_in.set_token("t");
  return input(pb::PT_SIGN_IN, 5, sign_in.SerializeAsString());
}

inline pb::Input sync_packet(std::int64_t seq, std::int64_t request_id = 6) {
  pb::SyncInput sync;
  sync.set_seq(seq);
  return input(pb::PT_SYNC, request_id, sync.SerializeAsString());
}

inline store::InboxPage page(std::int64_t first, std::int64_t last, std::int64_t head,
                             std::size_t bytes = 0) {
  store::InboxPage result;
  for (auto seq = first; seq <= last; ++seq)
    result.entries.push_back({Seq(seq), message_of(Seq(seq), kOtherDevice, bytes)});
  result.head = Seq(head);
  return result;
}

inline std::vector<std::int64_t> range(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> result;
  for (auto seq = first; seq <= last; ++seq)
    result.push_back(seq);
  return result;
}

struct SessionFixture {
  FakeHost host;
  SessionOptions options;
  Session session{host, options, milliseconds(0)};

  void sign_in(std::int64_t head = 0) {
    session.on_packet(sign_in_packet(), milliseconds(0));
    session.on_authenticated(user::Identity{kUser, kDevice});
    session.on_head(Seq(head));
    host.sent.clear();
    host.unsent_bytes = 0;
  }
  // Signed in, synced, and live after `head`.
  void go_live(std::int64_t head) {
    sign_in(head);
    session.on_packet(sync_packet(head), milliseconds(0));
    session.on_start(Seq(head));
    session.on_page(page(1, 0, head));
    host.sent.clear();
    host.reads.clear();
    host.unsent_bytes = 0;
  }
  // To syncs.
  std::vector<pb::SyncOutput> answers() const {
    std::vector<pb::SyncOutput> all;
    for (const auto& packet : host.sent) {
      if (packet.type() != pb::PT_SYNC) continue;
      REQUIRE(all.emplace_back().ParseFromString(packet.data()));
    }
    return all;
  }
  void push(std::int64_t seq, DeviceId from = kOtherDevice) {
    session.deliver(Seq(seq), push_of(Seq(seq), from));
  }
};

}  // namespace linnet::gateway
