// The model's live rooms.
#include "model.hpp"

#include <algorithm>

namespace linnet::sim {

namespace {

constexpr int kBadRequest = 1007;
constexpr int kTooLarge = 2004;
constexpr int kMuted = 2011;
constexpr int kForbidden = 2012;
constexpr int kNotInRoom = 2035;
constexpr int kBanned = 2037;
constexpr int kRoomNotExist = 2038;
constexpr int kRoomAlreadyExist = 2040;
constexpr int kModerator = 1;
constexpr int kOwner = 2;

Answer refused(int code) {
  return {code, {}};
}

}  // namespace

// The connection that was in them is no more.
void Model::leave_rooms(int device) {
  for (auto& [id, room] : rooms_)
    room.seats.erase(device);
}

void Model::cut_all() {
  for (auto& [id, room] : rooms_)
    room.seats.clear();
  heard_.clear();
}

Answer Model::rooms(const Call& call) {
  if (call.op == Op::kMakeRoom) {
    if (call.user < 0) return refused(kBadRequest);
    if (rooms_.contains(call.room)) return refused(kRoomAlreadyExist);
    auto& room = rooms_[call.room];
    if (call.user > 0) room.people[call.user].role = kOwner;
    return {};
  }
  if (call.op == Op::kLeaveRoom) {
    const auto found = rooms_.find(call.room);
    if (found != rooms_.end()) found->second.seats.erase(call.device);
    return {};
  }
  if (call.op >= Op::kRoomRole) return moderate(call);
  const auto found = rooms_.find(call.room);
  if (found == rooms_.end()) return refused(kRoomNotExist);
  auto& room = found->second;
  if (room.people[self()].banned_until > now_) return refused(kBanned);
  if (call.op == Op::kEnterRoom) {
    room.seats[call.device] = self();
    return {};
  }
  const bool inside = std::any_of(room.seats.begin(), room.seats.end(),
                                  [&](const auto& seat) { return seat.second == self(); });
  if (!inside) return refused(kNotInRoom);
  if (call.text.size() > kContentBytes) return refused(kTooLarge);
  if (room.people[self()].muted_until > now_) return refused(kMuted);
  if (room.people[self()].role == 0 && room.muted_until > now_) return refused(kMuted);
  for (const auto& [device, user] : room.seats)
    heard_[{device, call.room}].push_back(std::to_string(self()) + ": " + call.text);
  return {};
}

Answer Model::moderate(const Call& call) {
  const bool one =
      call.op == Op::kRoomRole || call.op == Op::kMuteRoomUser || call.op == Op::kBanRoomUser;
  const bool owners = call.op == Op::kRoomRole || call.op == Op::kDeleteRoom;
  if (call.op == Op::kRoomRole && (call.number < 0 || call.number > kModerator))
    return refused(kBadRequest);
  if (!owners && call.number < 0) return refused(kBadRequest);
  if (one && call.user < 1) return refused(kBadRequest);
  const auto found = rooms_.find(call.room);
  if (found == rooms_.end()) return refused(kRoomNotExist);
  auto& room = found->second;
  const int role = room.people[self()].role;
  if (role < (owners ? kOwner : kModerator)) return refused(kForbidden);
  const auto until = call.number == 0 ? 0 : now_ + call.number * 1000;
  if (call.op == Op::kDeleteRoom) {
    rooms_.erase(found);
    return {};
  }
  if (call.op == Op::kMuteRoom) {
    room.muted_until = until;
    return {};
  }
  auto& other = room.people[call.user];
  if (other.role >= role) return refused(kForbidden);
  if (call.op == Op::kRoomRole) other.role = static_cast<int>(call.number);
  if (call.op == Op::kMuteRoomUser) other.muted_until = until;
  if (call.op == Op::kBanRoomUser) {
    other.banned_until = until;
    if (until > now_)
      std::erase_if(room.seats, [&](const auto& seat) { return seat.second == call.user; });
  }
  return {};
}

}  // namespace linnet::sim
