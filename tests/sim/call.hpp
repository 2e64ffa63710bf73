// What the simulation does, in the form that both sides of it understand: the server's own rules
// and the model of them. Plain numbers, so that the model shares no type with what it is compared
// with.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace linnet::sim {

inline constexpr int kUsers = 3;  // ids 1 to 3; 4 does not exist
inline constexpr int kDevices = 6;
inline constexpr std::int64_t kSmallMembers = 2;  // so that three users fill a small group
inline constexpr std::size_t kContentBytes = 300;

enum class Op {
  kAddFriend,
  kAgree,
  kDeleteFriend,
  kSetFriend,
  kBlock,
  kUnblock,
  kFriends,
  kBlocked,
  kSend,
  kSendToGroup,
  kAck,
  kCreateGroup,
  kGetGroup,
  kListGroups,
  kMembers,
  kJoinRequests,
  kSyncGroup,
  kAckGroup,
  kUpdateGroup,
  kSettings,
  kMuteGroup,
  kGrow,
  kDissolve,
  kRemoveMember,
  kLeave,
  kSetRole,
  kTransfer,
  kAddMembers,
  kJoin,
  kAnswerRequest,
  kNoteMember,
  kMuteMember,
  kSignIn,
  kSignOut,
  kRevoke,
  kListDevices,
  kMakeRoom,
  kEnterRoom,
  kLeaveRoom,
  kPublish,
  kRoomRole,
  kMuteRoomUser,
  kBanRoomUser,
  kMuteRoom,
  kDeleteRoom,
};
inline constexpr int kOps = static_cast<int>(Op::kDeleteRoom) + 1;

// Whose token a call shows.
enum class Proof { kOwn, kEnded, kForged };

struct Call {
  Op op = Op::kSend;
  int device = 1;  // that calls
  Proof proof = Proof::kOwn;
  std::int64_t user = 0;  // whom it concerns
  std::int64_t other = 0;
  std::int64_t group = 0;
  std::int64_t room = 1;
  std::int64_t number = 0;  // a seq, a role, seconds, a mode: whatever the call has
  std::int64_t request = 0;
  bool yes = false;
  std::string text;
};

struct Answer {
  int code = 0;
  std::vector<std::string> lines;  // what was answered beside the code
  friend bool operator==(const Answer&, const Answer&) = default;
};

using Pair = std::pair<std::int64_t, std::int64_t>;

// To whom something was handed: (user, seq in its inbox; 0: stored nowhere), (group, seq likewise).
struct Handed {
  std::vector<Pair> users;
  std::vector<Pair> groups;
  friend bool operator==(const Handed&, const Handed&) = default;
};

std::string describe(const Call& call);

}  // namespace linnet::sim
