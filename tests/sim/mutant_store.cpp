#include "mutant_store.hpp"

#include "pb/logic.ext.pb.h"

#include <algorithm>

namespace linnet::sim {

// A note to oneself needs no rights that could not be looked at.
void MutantStore::append_to_user(store::Message message, bool friends_only,
                                 Done<store::Appended> done) {
  if (mutant_ == Mutant::kDoubledRetry) message.request_id = RequestId();
  if (mutant_ == Mutant::kAnybodyWrites) friends_only = false;
  const bool early = mutant_ == Mutant::kAckBeforeCommit && !message.request_id &&
                     message.receiver_id == message.sender_id;
  if (early) {
    const UserId self(message.sender_id);
    done = [this, self, done = std::move(done)](Result<store::Appended> appended) mutable {
      if (!appended) {
        auto& head = heads_[self];
        head = head.next();
        store::Appended promised;
        promised.sender_seq = head;
        promised.placed.push_back({self, head});
        appended = std::move(promised);
      }
      done(std::move(appended));
    };
  }
  inner_.append_to_user(std::move(message), friends_only, std::move(done));
}

void MutantStore::append_to_group(GroupId group, store::Message message,
                                  Done<store::GroupAppended> done) {
  if (mutant_ == Mutant::kDoubledRetry) message.request_id = RequestId();
  if (mutant_ == Mutant::kAnybodyInGroup) message.sender_type = pb::ST_SYSTEM;
  inner_.append_to_group(group, std::move(message), std::move(done));
}

void MutantStore::read_inbox(UserId user, Seq after, store::PageLimit limit,
                             Done<store::InboxPage> done) {
  if (mutant_ == Mutant::kAckBeforeCommit) {
    done = [this, user, done = std::move(done)](Result<store::InboxPage> page) mutable {
      if (page) heads_[user] = page->head;
      done(std::move(page));
    };
  }
  inner_.read_inbox(user, after, limit, std::move(done));
}

void MutantStore::acknowledge(UserId user, DeviceId device, Seq seq) {
  if (mutant_ != Mutant::kForgottenAck) inner_.acknowledge(user, device, seq);
}

void MutantStore::sign_out(UserId user, DeviceId device, Millis now, Done<Unit> done) {
  if (mutant_ == Mutant::kKeptToken) return done(success());
  inner_.sign_out(user, device, now, std::move(done));
}

void MutantStore::edit_room(RoomId room, store::RoomEdit edit, Done<store::Room> done) {
  if (mutant_ == Mutant::kAnybodyInRoom) edit.actor = {};
  inner_.edit_room(room, std::move(edit), std::move(done));
}

void MutantStore::edit_room_user(RoomId room, store::RoomUserEdit edit,
                                 Done<store::RoomUser> done) {
  if (mutant_ == Mutant::kAnybodyInRoom) edit.actor = {};
  inner_.edit_room_user(room, std::move(edit), std::move(done));
}

void MutantStore::delete_room(RoomId room, store::RoomActor actor, Done<Unit> done) {
  if (mutant_ == Mutant::kAnybodyInRoom) actor = {};
  inner_.delete_room(room, actor, std::move(done));
}

}  // namespace linnet::sim
