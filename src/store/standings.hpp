// Whether a user may write to another, asked within the transaction that writes, and remembered.
#pragma once

#include "connection.hpp"
#include "message_log.hpp"

#include "linnet/base/bounded_cache.hpp"
#include "linnet/store/types.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace linnet::store {

// Thread: the writer's, but for known().
class Standings {
 public:
  // A pair takes some 60 bytes, and a kilobyte of the pages' cache stands for each. To forget half
  // of more than 65,536 would hold up a commit for longer.
  static std::size_t kept(std::size_t cache_bytes) {
    return std::clamp<std::size_t>(cache_bytes / 1024, 1024, 65536);
  }

  // Remembers how so many pairs stand to each other.
  Standings(Connection& db, const MessageLog& log, std::size_t kept)
      : db_(db), log_(log), known_(kept) {}

  // What it remembers; nothing of what the current transaction changes. Thread: any.
  std::optional<Friendship> known(UserId user, UserId other) const {
    return known_.get({user, other});
  }
  // Errors: kUserNotExist (the receiver), kUnauthorized (the sender was erased), kBlocked,
  // kIsNotFriend (only where `friends_only`).
  Status check(UserId sender, UserId receiver, bool friends_only);
  // What the current transaction changes: how two stand to each other, that a user is no more, or
  // that there may be new ones.
  void note_change(UserId a, UserId b);
  void note_end(UserId user);
  void note_new() { changed_after_ = log_.commits(); }

 private:
  using Pair = std::pair<UserId, UserId>;
  struct PairHash {
    std::size_t operator()(const Pair& pair) const noexcept {
      return std::hash<UserId>{}(pair.first) * 31 + std::hash<UserId>{}(pair.second);
    }
  };

  Result<Friendship> find(UserId sender, UserId receiver);

  Connection& db_;
  const MessageLog& log_;
  BoundedCache<Pair, Friendship, PairHash> known_;
  // In the transaction after so many there was a change: what it reads may be undone.
  std::optional<std::uint64_t> changed_after_;
};

}  // namespace linnet::store
