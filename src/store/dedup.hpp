// What was answered to which request of which device: the newest in memory, merged behind the log
// into the table dedup_key, from which old days are pruned.
#pragma once

#include "connection.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace linnet::store {

struct RequestKey {
  DeviceId device;
  RequestId request;
  friend auto operator<=>(const RequestKey&, const RequestKey&) = default;
};

struct Answer {
  std::int64_t day = 0;  // since 1970, by the server's clock
  MessageId message;
  Seq seq;  // the sender's
};

// Thread: the writer's.
class Dedup {
 public:
  struct Hash {
    std::size_t operator()(const RequestKey& key) const noexcept {
      return std::hash<DeviceId>{}(key.device) * 31 + std::hash<RequestId>{}(key.request);
    }
  };
  using Generation = boost::unordered_flat_map<RequestKey, Answer, Hash>;

  explicit Dedup(Connection& db) : db_(db), active_(std::make_shared<Generation>()) {}

  // Learns which days the table holds, and up to which request.
  Status load();
  // Looks in memory, then in the table at yesterday, today and (the clock went back) tomorrow.
  Result<std::optional<Answer>> find(const RequestKey& key, std::int64_t today);
  // In memory, until the merge.
  void remember(const RequestKey& key, const Answer& answer);
  void forget(const RequestKey& key) { active_->erase(key); }

  bool empty() const { return active_->empty(); }
  // There must be no frozen generation.
  std::shared_ptr<const Generation> freeze();
  // Returns it, as freeing it may take long.
  std::shared_ptr<const Generation> drop_frozen();
  // Writes one key to the table, in the caller's transaction; writing it again changes nothing.
  Status insert(const RequestKey& key, const Answer& answer);

  // There are days in the table that no lookup reaches any more.
  bool prunable(std::int64_t today) const { return first_day_ < today - 1; }
  // Removes at most `limit` rows of such days, in a transaction of its own.
  Status prune(std::int64_t today, int limit);

 private:
  // The table has, or may soon have, such a row.
  void note(std::int64_t day, std::int64_t request);
  Result<std::optional<Answer>> find_in_table(const RequestKey& key, std::int64_t day);

  Connection& db_;
  std::shared_ptr<Generation> active_;
  std::shared_ptr<const Generation> frozen_;
  // The table has rows of no day outside; nothing is looked up there in vain.
  std::int64_t first_day_ = INT64_MAX;
  std::int64_t last_day_ = INT64_MIN;
  std::int64_t highest_ = INT64_MIN;  // of its request ids; most clients count theirs up
};

}  // namespace linnet::store
