#include "room_seats.hpp"

#include "packets.hpp"
#include "pb/room.ext.pb.h"

#include <algorithm>

namespace linnet::gateway {

void RoomSeats::on_packet(const pb::Input& packet) {
  switch (packet.type()) {
    case pb::PT_ROOM_SUBSCRIBE: subscribe(packet); break;
    case pb::PT_ROOM_UNSUBSCRIBE: unsubscribe(packet); break;
    case pb::PT_ROOM_PUBLISH: publish(packet); break;
    default: refuse(packet, Error(ErrCode::kBadRequest, "the server sends this type of packet"));
  }
}

void RoomSeats::subscribe(const pb::Input& packet) {
  pb::RoomSubscribeInput request;
  if (!request.ParseFromString(packet.data())) {
    refuse(packet, Error(ErrCode::kBadRequest, "the data is a RoomSubscribeInput"));
    return;
  }
  // Again into the same room: state and history are told anew.
  auto seat = find(RoomId(request.room_id()));
  if (seat == seats_.end() && seats_.size() >= options_.rooms_per_connection) {
    refuse(packet, Error(ErrCode::kTooManyRooms));
    return;
  }
  pb::RoomSubscribeOutput entered;
  auto fresh = rooms_.enter(identity_, request, shard_, *this, entered);
  if (!fresh) {
    refuse(packet, fresh.error());
    return;
  }
  if (seat == seats_.end()) {
    seats_.push_back(std::move(*fresh));
  } else {
    *seat = std::move(*fresh);
    // The old seat was still counted when the state was taken.
    entered.mutable_state()->set_online(entered.state().online() - 1);
  }
  auto answer = output(packet.type(), packet.request_id());
  answer.set_data(entered.SerializeAsString());
  host_.send(answer);
}

void RoomSeats::unsubscribe(const pb::Input& packet) {
  pb::RoomUnsubscribeInput request;
  if (!request.ParseFromString(packet.data())) {
    refuse(packet, Error(ErrCode::kBadRequest, "the data is a RoomUnsubscribeInput"));
    return;
  }
  auto seat = find(RoomId(request.room_id()));
  if (seat == seats_.end()) {
    refuse(packet, Error(ErrCode::kNotInRoom));
    return;
  }
  seats_.erase(seat);
  host_.send(output(packet.type(), packet.request_id()));
}

void RoomSeats::publish(const pb::Input& packet) {
  pb::RoomPublishInput request;
  if (!request.ParseFromString(packet.data())) {
    refuse(packet, Error(ErrCode::kBadRequest, "the data is a RoomPublishInput"));
    return;
  }
  if (find(RoomId(request.room_id())) == seats_.end()) {
    refuse(packet, Error(ErrCode::kNotInRoom));
    return;
  }
  auto seq = rooms_.publish(identity_, request, RequestId(packet.request_id()));
  if (!seq) {
    refuse(packet, seq.error());
    return;
  }
  pb::RoomPublishOutput published;
  published.set_seq(seq->value());
  auto answer = output(packet.type(), packet.request_id());
  answer.set_data(published.SerializeAsString());
  host_.send(answer);
}

void RoomSeats::on_drained() {
  first_ = seats_.empty() ? 0 : (first_ + 1) % seats_.size();
  for (std::size_t i = 0; i < seats_.size(); ++i)
    seats_[(first_ + i) % seats_.size()].resume();
}

void RoomSeats::room_dropped(RoomId room, std::uint64_t count) {
  pb::RoomMessages messages;
  messages.set_room_id(room.value());
  messages.set_dropped(static_cast<std::int64_t>(count));
  auto packet = output(pb::PT_ROOM_MESSAGES, 0);
  packet.set_data(messages.SerializeAsString());
  host_.send(packet);
}

void RoomSeats::refuse(const pb::Input& packet, const Error& error) {
  auto answer = output(packet.type(), packet.request_id());
  set_error(answer, error);
  host_.send(answer);
}

std::vector<router::RoomSeat>::iterator RoomSeats::find(RoomId room) {
  return std::find_if(seats_.begin(), seats_.end(),
                      [room](const router::RoomSeat& seat) { return seat.room() == room; });
}

}  // namespace linnet::gateway
