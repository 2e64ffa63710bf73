#include "mutant.hpp"

namespace linnet::sim {

namespace {

constexpr MutantRow kRows[] = {
    {Mutant::kLostPush, "lost-push", "has stopped at", "nothing is under way"},
    {Mutant::kUnhanded, "unhanded", "hands on to", "not to"},
    {Mutant::kKeptFollower, "kept-follower", "others follow large groups than the members", ""},
    {Mutant::kSwapped, "swapped", "device ", "was left out"},
    {Mutant::kTwice, "twice", "device ", "it comes twice, or late"},
    {Mutant::kNoReread, "no-reread", "has stopped at", "nothing is under way"},
    {Mutant::kLostLive, "lost-live", "is not told what is said once", ""},
    {Mutant::kNoHead, "no-head", "is neither let in nor turned away", ""},
    {Mutant::kDeafEar, "deaf-ear", "hears in room", "\n  not"},
    {Mutant::kAckBeforeCommit, "ack-before-commit", "the inbox of user", "not 0 | "},
    {Mutant::kDoubledRetry, "doubled-retry", "answers 0 | ", "\n  not     0 | "},
    {Mutant::kAnybodyWrites, "anybody-writes", "answers 0 | ", "\n  not     1004"},
    {Mutant::kAnybodyInGroup, "anybody-in-group", "answers 0 | ", "\n  not     1005"},
    {Mutant::kAnybodyInRoom, "anybody-in-room", "answers 0", "\n  not     2012"},
    {Mutant::kKeptToken, "kept-token", "answers 0", "\n  not     1003"},
    {Mutant::kForgottenAck, "forgotten-ack", "a sync begins where it should not", ""},
    {Mutant::kOldDatabase, "old-database", "the inbox of user", "not 0 | "},
    {Mutant::kNoTokens, "no-tokens", "answers 1003", "\n  not     0", "DELETE FROM token"},
    {Mutant::kNoRequests, "no-requests", "answers 0 | ", "\n  not     0 | ",
     "DELETE FROM dedup_key; UPDATE message SET request_id = 0"},
    {Mutant::kNoAcks, "no-acks", "a sync begins where it should not", "", "DELETE FROM device_ack"},
    {Mutant::kNoBlocks, "no-blocks", "answers 0", "\n  not     2014", "DELETE FROM user_block"},
    {Mutant::kNoRoles, "no-roles", "answers 2012", "\n  not     0",
     "UPDATE group_member SET role = 0"},
    {Mutant::kNoRoomRoles, "no-room-roles", "answers 2012", "\n  not     0",
     "DELETE FROM room_user"},
};

}  // namespace

std::span<const MutantRow> mutants() {
  return kRows;
}

const char* sql_of(Mutant mutant) {
  for (const auto& row : kRows)
    if (row.mutant == mutant) return row.sql;
  return nullptr;
}

bool is_of(const MutantRow& row, std::string_view fault) {
  const auto at = fault.find(row.begin);
  return at != std::string_view::npos &&
         fault.find(row.end, at + row.begin.size()) != std::string_view::npos;
}

}  // namespace linnet::sim
