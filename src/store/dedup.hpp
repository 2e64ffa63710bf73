// What was answered to which request of which device: the newest in memory, merged behind the log
// into the table dedup_key, from which old days are pruned.
#pragma once

#include "connection.hpp"

#include "linnet/base/clock.hpp"

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

// The day of a time by the clock on the wall, since 1970.
std::int64_t day_of(Millis time);

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
  // Looks in memory, then at each day of the table: the clock may have jumped.
  Result<std::optional<Answer>> find(const RequestKey& key);
  // In memory, until the merge.
  void remember(const RequestKey& key, const Answer& answer, const Clock& clock);
  // The same for what the log tells at the start: the clock may have been another then.
  void restore(const RequestKey& key, const Answer& answer);
  void forget(const RequestKey& key) { active_->erase(key); }

  bool empty() const { return active_->empty(); }
  // There must be no frozen generation.
  std::shared_ptr<const Generation> freeze();
  // Returns it, as freeing it may take long.
  std::shared_ptr<const Generation> drop_frozen();
  // Writes one key to the table, in the caller's transaction; writing it again changes nothing.
  Status insert(const RequestKey& key, const Answer& answer);

  // There are days in the table that are neither yesterday nor today nor tomorrow, and the clock
  // has not jumped for a day: if it has, they may be younger than it says.
  bool prunable(const Clock& clock) { return day_to_prune(clock).has_value(); }
  // Removes at most `limit` rows of one such day, in a transaction of its own.
  Status prune(const Clock& clock, int limit);

 private:
  Result<std::optional<Answer>> find_in_table(const RequestKey& key, std::int64_t day);
  void watch(const Clock& clock);
  std::optional<std::int64_t> day_to_prune(const Clock& clock);
  // The table has, or may soon have, such a row.
  void note(std::int64_t day, std::int64_t request);
  void note_day(std::int64_t day);

  Connection& db_;
  std::shared_ptr<Generation> active_;
  std::shared_ptr<const Generation> frozen_;
  // Those of which the table may have rows, newest first: few.
  std::vector<std::int64_t> days_;
  std::int64_t highest_ = INT64_MIN;  // of its request ids; most clients count theirs up
  // By how much the clock on the wall is ahead of the steady one; nothing: not looked at yet.
  std::optional<std::chrono::milliseconds> ahead_;
  std::chrono::milliseconds prune_after_{0};  // by the steady clock
};

}  // namespace linnet::store
