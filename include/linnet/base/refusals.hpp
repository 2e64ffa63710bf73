// What was refused, cut or put off for a limit's sake, counted by its reason, and proofs that were
// wrong: for the log and for /metrics.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace linnet {

enum class Refusal : std::uint8_t {
  kConnections,    // limits.connections
  kPerAddress,     // limits.connections_per_address
  kNoDescriptors,  // the process may open no more files
  kLateHead,       // an HTTP request that did not come in time
  kLateSignIn,     // a connection that did not sign in in time
  kUnsent,         // a connection that was cut because of limits.unsent_bytes
  kTokens,         // limits.bad_tokens_per_minute
  kRead,           // calls, by their class
  kWrite,
  kJoin,
  kServer,
  kCode,
  kSearch,
  kCodeFailures,      // sign-ins by code, after too many wrong ones
  kPasswordFailures,  // the same by password
  kRefused,           // a connection read or answered later: limits.refusals_per_second
  kFriends,           // limits.friends_per_user
  kGroups,            // limits.groups_per_user
  kHttpBytes,         // limits.http_bytes
  kPackets,           // a long connection is read later: limits.packets_per_second or bytes
  kRoom,              // a message in a room: limits.room_per_second
  kRooms,             // limits.rooms_per_day
  kSlowMode,          // a message in a room that is in slow mode
  kAccepts,           // a connection that waited: limits.accepts_per_second
  kRoomHistory,       // a message that a room remembered: limits.room_history_bytes
  kRoomLog,           // one that was kept for slow members: limits.room_log_bytes
  kWaste,  // a connection over gRPC was cut, or not let in, for what it takes for nothing
};
inline constexpr std::size_t kRefusals = 27;

// What was shown as a proof, and proved nothing.
enum class Wrong : std::uint8_t { kCode, kPassword, kToken, kKey };
inline constexpr std::size_t kWrongs = 4;

constexpr std::string_view name(Wrong wrong) {
  constexpr std::array<std::string_view, kWrongs> kNames{"code", "password", "token", "key"};
  return kNames.at(static_cast<std::size_t>(wrong));
}

constexpr std::string_view name(Refusal refusal) {
  constexpr std::array<std::string_view, kRefusals> kNames{"connections",
                                                           "connections_per_address",
                                                           "no_descriptors",
                                                           "late_head",
                                                           "late_sign_in",
                                                           "unsent_bytes",
                                                           "bad_tokens",
                                                           "read",
                                                           "write",
                                                           "join",
                                                           "server",
                                                           "code",
                                                           "search",
                                                           "code_failures",
                                                           "password_failures",
                                                           "refusals",
                                                           "friends_per_user",
                                                           "groups_per_user",
                                                           "http_bytes",
                                                           "packets",
                                                           "room",
                                                           "rooms_per_day",
                                                           "slow_mode",
                                                           "accepts_per_second",
                                                           "room_history_bytes",
                                                           "room_log_bytes",
                                                           "grpc_waste"};
  return kNames.at(static_cast<std::size_t>(refusal));
}

// Thread: any.
class Refusals {
 public:
  void count(Refusal refusal, std::uint64_t times = 1) {
    counts_.at(static_cast<std::size_t>(refusal)).fetch_add(times, std::memory_order_relaxed);
  }
  std::uint64_t of(Refusal refusal) const {
    return counts_.at(static_cast<std::size_t>(refusal)).load(std::memory_order_relaxed);
  }
  void count(Wrong wrong) {
    wrong_.at(static_cast<std::size_t>(wrong)).fetch_add(1, std::memory_order_relaxed);
  }
  std::uint64_t of(Wrong wrong) const {
    return wrong_.at(static_cast<std::size_t>(wrong)).load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kRefusals> counts_{};
  std::array<std::atomic<std::uint64_t>, kWrongs> wrong_{};
};

}  // namespace linnet
