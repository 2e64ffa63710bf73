// A store that makes one mistake.
#pragma once

#include "mutant.hpp"
#include "passing_store.hpp"

#include <map>

namespace linnet::sim {

class MutantStore final : public PassingStore {
 public:
  MutantStore(store::Store& inner, Mutant mutant) : PassingStore(inner), mutant_(mutant) {}

  void append_to_user(store::Message message, bool friends_only,
                      Done<store::Appended> done) override;
  void append_to_group(GroupId group, store::Message message,
                       Done<store::GroupAppended> done) override;
  void read_inbox(UserId user, Seq after, store::PageLimit limit,
                  Done<store::InboxPage> done) override;
  void acknowledge(UserId user, DeviceId device, Seq seq) override;
  void sign_out(UserId user, DeviceId device, Millis now, Done<Unit> done) override;
  void edit_room(RoomId room, store::RoomEdit edit, Done<store::Room> done) override;
  void edit_room_user(RoomId room, store::RoomUserEdit edit, Done<store::RoomUser> done) override;
  void delete_room(RoomId room, store::RoomActor actor, Done<Unit> done) override;

 private:
  const Mutant mutant_;
  std::map<UserId, Seq> heads_;  // as they were read last
};

}  // namespace linnet::sim
