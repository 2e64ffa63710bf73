// What all shards share of a room: its seq, its history, and who is in it.
#pragma once

#include "linnet/router/rooms.hpp"

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace linnet::router {

// Thread: any, with `mutex` held; but for `id` and `dropped`.
class RoomCore {
 public:
  // How many bytes the histories of all rooms have.
  using Total = std::shared_ptr<std::atomic<std::size_t>>;

  RoomCore(RoomId room, std::size_t shards, Seq first, Total total)
      : id(room), seats_(shards), first_(first), seq_(first), total_(std::move(total)) {}
  ~RoomCore() { forget_history(); }
  RoomCore(const RoomCore&) = delete;
  RoomCore& operator=(const RoomCore&) = delete;

  const RoomId id;
  mutable std::mutex mutex;
  // It is no longer in the table: look it up again.
  bool forgotten = false;

  void enter(UserId user, std::size_t shard);
  void leave(UserId user, std::size_t shard);
  bool empty() const { return connections_ == 0; }
  bool on_shard(std::size_t shard) const { return seats_[shard] > 0; }
  bool inside(UserId user) const { return users_.contains(user); }
  std::vector<UserId> users(UserId after, std::size_t limit) const;

  // Gives the item its seq and keeps it.
  RoomItemPtr append(pb::RoomItem item, const RoomOptions& options);
  Seq seq() const { return seq_; }
  // Of an earlier life. Nothing when something was said in this one already.
  void restore(const std::vector<RoomItemPtr>& items, const RoomOptions& options);
  RoomPast history(HistoryWanted wanted) const;
  void forget_history();
  std::size_t remembered() const { return history_.size(); }

  pb::RoomState state() const;
  // Grows with everything that state() tells but the seq.
  std::uint64_t changes() const { return changes_; }

  std::chrono::milliseconds quiet_since{0};  // the last leaving or message

 private:
  struct Kept {
    RoomItemPtr item;
    std::size_t bytes = 0;
  };
  void keep(RoomItemPtr item, const RoomOptions& options);
  bool over(const RoomOptions& options) const;
  bool over_in_all(const RoomOptions& options) const;

  std::vector<std::uint32_t> seats_;  // per shard
  std::map<UserId, std::uint32_t> users_;
  std::size_t connections_ = 0;
  Seq first_;  // before the first message of this life of the room
  Seq seq_;
  std::deque<Kept> history_;
  std::size_t history_bytes_ = 0;
  Total total_;
  std::uint64_t changes_ = 0;
};

using RoomCorePtr = std::shared_ptr<RoomCore>;

}  // namespace linnet::router
