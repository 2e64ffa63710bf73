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
  auto seat = find(RoomId(request.room_id()));
  if (seat != seats_.end()) {
    enter(packet, request, seat->record);
    return;
  }
  if (seats_.size() >= options_.rooms_per_connection) {
    refuse(packet, Error(ErrCode::kTooManyRooms));
    return;
  }
  loading_ = true;
  rooms_.load(RoomId(request.room_id()),
              [weak = weak_from_this(), &shard = shard_,
               packet = packet](Result<logic::RoomRecordPtr> record) mutable {
                shard.post([weak = std::move(weak), packet = std::move(packet),
                            record = std::move(record)]() mutable {
                  if (auto self = weak.lock()) self->on_loaded(packet, std::move(record));
                });
              });
}

void RoomSeats::on_loaded(const pb::Input& packet, Result<logic::RoomRecordPtr> record) {
  loading_ = false;
  pb::RoomSubscribeInput request;
  request.ParseFromString(packet.data());
  if (record) {
    enter(packet, request, std::move(*record));
  } else {
    refuse(packet, record.error());
  }
  loaded_();
}

void RoomSeats::enter(const pb::Input& packet, const pb::RoomSubscribeInput& request,
                      logic::RoomRecordPtr record) {
  // Again into the same room: state and history are told anew.
  auto seat = find(RoomId(request.room_id()));
  pb::RoomSubscribeOutput entered;
  auto fresh = rooms_.enter(*record, identity_, request, shard_, *this, entered);
  if (!fresh) {
    refuse(packet, fresh.error());
    return;
  }
  if (seat == seats_.end()) {
    seats_.push_back({std::move(*fresh), std::move(record)});
  } else {
    seat->seat = std::move(*fresh);
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
  auto seat = find(RoomId(request.room_id()));
  if (seat == seats_.end()) {
    refuse(packet, Error(ErrCode::kNotInRoom));
    return;
  }
  auto seq = rooms_.publish(*seat->record, identity_, request, RequestId(packet.request_id()));
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
    seats_[(first_ + i) % seats_.size()].seat.resume();
}

void RoomSeats::room_dropped(RoomId room, std::uint64_t count) {
  pb::RoomMessages messages;
  messages.set_room_id(room.value());
  messages.set_dropped(static_cast<std::int64_t>(count));
  auto packet = output(pb::PT_ROOM_MESSAGES, 0);
  packet.set_data(messages.SerializeAsString());
  host_.send(packet);
}

// The seat is in use right now: it is released in a turn of its own.
void RoomSeats::room_closed(RoomId room, ErrCode why) {
  pb::RoomUnsubscribeInput left;
  left.set_room_id(room.value());
  auto packet = output(pb::PT_ROOM_UNSUBSCRIBE, 0);
  set_error(packet, Error(why));
  packet.set_data(left.SerializeAsString());
  host_.send(packet);
  shard_.post([weak = weak_from_this(), room] {
    if (auto self = weak.lock()) self->leave(room);
  });
}

void RoomSeats::leave(RoomId room) {
  auto seat = find(room);
  // It may have been taken anew meanwhile.
  if (seat != seats_.end() && seat->seat.closed()) seats_.erase(seat);
}

void RoomSeats::refuse(const pb::Input& packet, const Error& error) {
  auto answer = output(packet.type(), packet.request_id());
  set_error(answer, error);
  host_.send(answer);
}

std::vector<RoomSeats::Seat>::iterator RoomSeats::find(RoomId room) {
  return std::find_if(seats_.begin(), seats_.end(),
                      [room](const Seat& seat) { return seat.seat.room() == room; });
}

}  // namespace linnet::gateway
