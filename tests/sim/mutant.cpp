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
    {Mutant::kAckBeforeCommit, "ack-before-commit", "the inbox of user", "not 0 | "},
    {Mutant::kDoubledRetry, "doubled-retry", "answers 0 | ", "\n  not     0 | "},
    {Mutant::kAnybodyWrites, "anybody-writes", "answers 0 | ", "\n  not     1004"},
    {Mutant::kAnybodyInGroup, "anybody-in-group", "answers 0 | ", "\n  not     1005"},
    {Mutant::kAnybodyInRoom, "anybody-in-room", "answers 0", "\n  not     2012"},
    {Mutant::kKeptToken, "kept-token", "answers 0", "\n  not     1003"},
    {Mutant::kForgottenAck, "forgotten-ack", "a sync begins where it should not", ""},
    {Mutant::kOldDatabase, "old-database", "the inbox of user", "not 0 | "},
};

}  // namespace

std::span<const MutantRow> mutants() {
  return kRows;
}

bool is_of(const MutantRow& row, std::string_view fault) {
  const auto at = fault.find(row.begin);
  return at != std::string_view::npos &&
         fault.find(row.end, at + row.begin.size()) != std::string_view::npos;
}

}  // namespace linnet::sim
