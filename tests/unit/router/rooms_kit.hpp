// Rooms on shards that run when the test says so, and members that remember what they hear.
#pragma once

#include "pb/conn.ext.pb.h"
#include "pb/room.ext.pb.h"
#include "support/false_clock.hpp"

#include "linnet/router/rooms.hpp"
#include "linnet/wire/tcp.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace linnet::router {

using std::chrono::milliseconds;

inline constexpr RoomId kRoom{5};
using Texts = std::vector<std::string>;

class Member final : public RoomOutlet {
 public:
  bool room_ready() const override { return room_for > 0; }
  void send_run(const wire::FrameRunPtr& run) override {
    auto bytes = run->bytes(wire::Framing::kTcp);
    while (auto packet = wire::next_tcp_packet(bytes))
      take(*packet);
  }
  void take(std::string_view bytes) {
    if (room_for > 0) --room_for;
    pb::Output packet;
    REQUIRE(packet.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    if (packet.type() == pb::PT_ROOM_STATE) {
      pb::RoomState state;
      REQUIRE(state.ParseFromString(packet.data()));
      online.push_back(state.online());
      return;
    }
    pb::RoomMessages messages;
    REQUIRE(messages.ParseFromString(packet.data()));
    for (const auto& item : messages.items()) {
      texts.push_back(item.message_content());
      seqs.push_back(item.seq());
    }
  }
  void room_dropped(RoomId, std::uint64_t count) override { dropped += count; }
  void room_closed(RoomId, ErrCode why) override { closed.push_back(why); }

  std::size_t room_for = 1000000;
  Texts texts;
  std::vector<std::int64_t> seqs;
  std::vector<std::int64_t> online;
  std::uint64_t dropped = 0;
  std::vector<ErrCode> closed;
};

inline pb::RoomItem item(const std::string& text, pb::RoomPriority priority = pb::RP_CHATTER) {
  pb::RoomItem result;
  result.set_message_content(text);
  result.set_priority(priority);
  return result;
}

inline Texts texts_of(const RoomPast& past) {
  Texts result;
  for (const auto& one : past.items)
    result.push_back(one->message_content());
  return result;
}

// Shards that run only when the test says so: everything happens on the test's thread.
struct RoomsFixture {
  explicit RoomsFixture(RoomOptions with = {}) : options(with) {
    for (std::size_t i = 0; i < 2; ++i)
      shards.push_back(std::make_unique<Shard>(i));
    rooms.emplace(shards, clock, options);
  }
  void run() {
    for (int round = 0; round < 3; ++round) {
      for (auto& shard : shards) {
        shard->context().restart();
        shard->context().poll();
      }
    }
  }
  RoomSeat join(RoomId room, std::int64_t user, std::size_t shard, Member& member,
                HistoryWanted wanted = {Seq(), 100}) {
    return rooms->join(room, UserId(user), *shards[shard], member, wanted, past, state);
  }
  RoomOptions options;
  Shards shards;
  test::FalseClock clock;
  std::optional<Rooms> rooms;
  RoomPast past;
  pb::RoomState state;
};

}  // namespace linnet::router
