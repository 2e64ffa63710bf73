// Mistakes to make on purpose, at the simulation's seams: each must be found, by the sentence that
// it must cause. A simulation that nothing is seen to fail proves nothing.
#pragma once

#include <span>
#include <string_view>

namespace linnet::sim {

enum class Mutant {
  kNone,
  // Of the router.
  kLostPush,      // some are, and nothing tells that a gap is to be expected
  kUnhanded,      // the last of several receivers is forgotten
  kKeptFollower,  // who leaves a large group goes on hearing it
  // Of the session's host.
  kSwapped,   // a push overtakes the one before it
  kTwice,     // each push is sent twice
  kNoReread,  // a session that was behind is not told that everything was sent
  kLostLive,  // what is stored nowhere is not sent
  kNoHead,    // some who sign in are never told where they begin
  // Of what hears a room.
  kDeafEar,  // some of it is missed
  // Of the store.
  kAckBeforeCommit,  // what the disk then refuses has been answered already
  kDoubledRetry,     // a request id that was seen is taken for a new one
  kAnybodyWrites,    // to whoever is no friend of the sender
  kAnybodyInGroup,   // whoever is no member writes to a group
  kAnybodyInRoom,    // whoever has no role rules a room
  kKeptToken,        // a device that signs out is not
  kForgottenAck,     // what a device has is not noted
  // Of what a start finds: the row of the table says it in SQL.
  kOldDatabase,  // all is as it was one start before
  kNoTokens,
  kNoRequests,
  kNoAcks,
  kNoBlocks,
  kNoRoles,
  kNoRoomRoles,
};

struct MutantRow {
  Mutant mutant;
  std::string_view name;
  std::string_view begin;  // of the sentence: one of its parts, and another behind it
  std::string_view end;
  const char* sql = nullptr;  // on the database, between two starts
};

std::span<const MutantRow> mutants();
const char* sql_of(Mutant mutant);
// Whether a fault is what this one must cause.
bool is_of(const MutantRow& row, std::string_view fault);

}  // namespace linnet::sim
