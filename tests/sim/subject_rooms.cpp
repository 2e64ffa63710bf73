#include "subject_rooms.hpp"

#include "network.hpp"
#include "pb/room.ext.pb.h"
#include "pb/room.int.pb.h"
#include "subject.hpp"

#include <utility>

namespace linnet::sim {

namespace {

Shards one_shard() {
  Shards shards;
  shards.push_back(std::make_unique<Shard>(0));
  return shards;
}

logic::RoomRules rules() {
  logic::RoomRules rules;
  rules.open = false;
  rules.per_second = 0;
  rules.message_bytes = kContentBytes;
  return rules;
}

template <class Request>
Request about(const Call& call) {
  Request request;
  request.set_room_id(call.room);
  return request;
}

}  // namespace

// A device in a room.
class SubjectRooms::Ear final : public router::RoomOutlet {
 public:
  Ear(std::vector<std::string>& heard, bool deaf) : heard_(heard), deaf_(deaf) {}
  bool room_ready() const override { return true; }
  void send_run(const wire::FrameRunPtr& run) override {
    auto bytes = run->bytes(wire::Framing::kTcp);
    while (auto packet = wire::next_tcp_packet(bytes)) {
      pb::Output output;
      pb::RoomMessages messages;
      if (!output.ParseFromArray(packet->data(), static_cast<int>(packet->size())) ||
          (output.type() == pb::PT_ROOM_MESSAGES && !messages.ParseFromString(output.data())))
        throw Broken{"a room's packet that is none"};
      for (const auto& item : messages.items()) {
        if (item.seq() <= last_) throw Broken{"a room's seq goes back"};
        last_ = item.seq();
        if (deaf_ && last_ % 5 == 0) continue;
        heard_.push_back(std::to_string(item.sender_id()) + ": " + item.message_content());
      }
    }
  }
  void room_dropped(RoomId, std::uint64_t) override { throw Broken{"a room left something out"}; }
  void room_closed(RoomId, ErrCode) override { closed = true; }

  router::RoomSeat seat;
  bool closed = false;

 private:
  std::vector<std::string>& heard_;
  const bool deaf_;
  std::int64_t last_ = 0;
};

SubjectRooms::SubjectRooms(store::RoomStore& store, const Clock& clock, bool deaf)
    : shards_(one_shard()),
      live_(shards_, clock, router::RoomOptions()),
      rooms_(store, live_, clock, rules()),
      calls_(store, live_, rooms_, clock),
      deaf_(deaf) {}

SubjectRooms::~SubjectRooms() {
  ears_.clear();
  run();
}

void SubjectRooms::run() {
  for (int round = 0; round < 3; ++round) {
    shards_[0]->context().restart();
    shards_[0]->context().poll();
  }
  std::erase_if(ears_, [](const auto& ear) { return ear.second->closed; });
}

Result<logic::RoomRecordPtr> SubjectRooms::load(std::int64_t room) {
  return wait<logic::RoomRecordPtr>(
      [&](Done<logic::RoomRecordPtr> done) { rooms_.load(RoomId(room), std::move(done)); });
}

Status SubjectRooms::enter(const logic::RoomRecord& record, const user::Identity& identity,
                           const Call& call) {
  leave(call.device, call.room);
  const Pair place(call.device, call.room);
  auto ear = std::make_unique<Ear>(heard_[place], deaf_);
  auto request = about<pb::RoomSubscribeInput>(call);
  request.set_history(-1);
  pb::RoomSubscribeOutput answer;
  auto seat = rooms_.enter(record, identity, request, *shards_[0], *ear, answer);
  if (!seat) return seat.take_error();
  ear->seat = std::move(*seat);
  ears_[place] = std::move(ear);
  return success();
}

void SubjectRooms::leave(int device, std::int64_t room) {
  ears_.erase({device, room});
}

void SubjectRooms::leave_all(int device) {
  std::erase_if(ears_, [&](const auto& ear) { return ear.first.first == device; });
}

// ---- the calls ----

Answer Subject::rooms(const user::Caller& caller, const Call& call) {
  auto& calls = rooms_.calls();
  switch (call.op) {
    case Op::kMakeRoom: {
      auto request = about<pb::MakeRoomReq>(call);
      request.set_owner_id(call.user);
      return plain(run(calls.make(caller, request)));
    }
    case Op::kEnterRoom: {
      auto record = rooms_.load(call.room);
      if (!record) return plain(record);
      return plain(rooms_.enter(**record, caller.identity, call));
    }
    case Op::kLeaveRoom: rooms_.leave(call.device, call.room); return {};
    case Op::kPublish: {
      auto request = about<pb::RoomPublishInput>(call);
      request.set_message_type(pb::MT_TEXT);
      request.set_message_content(call.text);
      return plain(run(calls.publish(caller, request)));
    }
    case Op::kRoomRole: {
      auto request = about<pb::SetRoomRoleReq>(call);
      request.set_user_id(call.user);
      request.set_role(static_cast<pb::RoomRole>(call.number));
      return plain(run(calls.set_role(caller, request)));
    }
    case Op::kMuteRoomUser: {
      auto request = about<pb::MuteRoomUserReq>(call);
      request.set_user_id(call.user);
      request.set_seconds(call.number);
      return plain(run(calls.mute_user(caller, request)));
    }
    case Op::kBanRoomUser: {
      auto request = about<pb::BanRoomUserReq>(call);
      request.set_user_id(call.user);
      request.set_seconds(call.number);
      return plain(run(calls.ban_user(caller, request)));
    }
    case Op::kMuteRoom: {
      auto request = about<pb::MuteRoomReq>(call);
      request.set_seconds(call.number);
      return plain(run(calls.mute(caller, request)));
    }
    default: return plain(run(calls.remove(caller, about<pb::DeleteRoomReq>(call))));
  }
}

}  // namespace linnet::sim
