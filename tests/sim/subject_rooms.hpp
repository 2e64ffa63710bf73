// Live rooms of the simulation: the real ones on a shard that runs when it is told to.
#pragma once

#include "call.hpp"

#include "linnet/logic/room_calls.hpp"
#include "linnet/wire/tcp.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace linnet::sim {

// (device, room): what was heard there, in words.
using Heard = std::map<Pair, std::vector<std::string>>;

class SubjectRooms {
 public:
  // With `deaf` some is missed.
  SubjectRooms(store::RoomStore& store, const Clock& clock, bool deaf);
  ~SubjectRooms();

  // Lets everybody hear what was said.
  void run();
  const Heard& heard() const { return heard_; }
  router::Rooms& live() { return live_; }
  logic::RoomCalls& calls() { return calls_; }
  Result<logic::RoomRecordPtr> load(std::int64_t room);
  Status enter(const logic::RoomRecord& record, const user::Identity& identity, const Call& call);
  void leave(int device, std::int64_t room);
  void leave_all(int device);

 private:
  class Ear;
  Shards shards_;
  router::Rooms live_;
  logic::Rooms rooms_;
  logic::RoomCalls calls_;
  const bool deaf_;
  Heard heard_;
  std::map<Pair, std::unique_ptr<Ear>> ears_;
};

}  // namespace linnet::sim
