// What was answered to which request of which device: the newest in memory, merged behind the log
// into the table dedup_key, from which old days are pruned.
//
// Days are the server's own: one ends when the server has run for 24 hours in it, by the steady
// clock, over as many restarts as that takes. So a key is known for at least a day, whatever the
// clock on the wall does, and for no more than two of the server's running.
#pragma once

#include "connection.hpp"

#include "linnet/base/clock.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace linnet::store {

struct RequestKey {
  DeviceId device;
  RequestId request;
  friend auto operator<=>(const RequestKey&, const RequestKey&) = default;
};

struct Answer {
  std::int64_t day = 0;  // of the server's, see Dedup
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

  // Learns which days the table holds, up to which requests, and which day it is. Before all else.
  Status load(const Clock& clock);
  // Looks in memory, then at each day of the table.
  Result<std::optional<Answer>> find(const RequestKey& key);
  // In memory, until the merge.
  void remember(const RequestKey& key, MessageId message, Seq seq);
  void forget(const RequestKey& key) { active_->erase(key); }

  // There must be no frozen generation.
  std::shared_ptr<const Generation> freeze();
  // Returns it, as freeing it may take long.
  std::shared_ptr<const Generation> drop_frozen();
  // Writes one key to the table, in the caller's transaction; writing it again changes nothing.
  Status insert(const RequestKey& key, const Answer& answer);

  // The day is over, or should be noted in the table, or there are rows from before yesterday.
  bool chore_due(const Clock& clock);
  // Some of the day is not noted: else servers that live for minutes would never end one.
  bool unsaved(const Clock& clock);
  // Does all that, in a transaction of its own: removes at most `limit` rows.
  Status run_chore(const Clock& clock, int limit);

 private:
  Status scan();
  Result<std::int64_t> saved(std::string_view key);
  Result<std::optional<Answer>> find_in_table(const RequestKey& key, std::int64_t day);
  // The table has, or may soon have, such a row.
  void note(std::int64_t day, const RequestKey& key);
  void look(const Clock& clock);
  // By the oldest day of the table.
  bool prunable() const { return !days_.empty() && days_.back() < day_ - 1; }

  static constexpr unsigned kBucketBits = 10;
  using Highest = std::array<std::int64_t, std::size_t{1} << kBucketBits>;
  static constexpr Highest kNone = [] {
    Highest none{};
    none.fill(INT64_MIN);
    return none;
  }();
  static std::size_t bucket_of(DeviceId device) {
    return static_cast<std::size_t>(mix(static_cast<std::uint64_t>(device.value())) >>
                                    (64U - kBucketBits));
  }

  Connection& db_;
  std::shared_ptr<Generation> active_;
  std::shared_ptr<const Generation> frozen_;
  // Those of which the table may have rows, newest first: few.
  std::vector<std::int64_t> days_;
  // Of its request ids, by their devices' buckets: most clients count theirs up, and one that does
  // not makes the others of its bucket alone be looked up.
  Highest highest_ = kNone;
  std::int64_t day_ = 1;
  std::chrono::milliseconds lasted_{0};  // of the day, until it was last looked
  std::chrono::milliseconds saved_{0};   // of that, what is in the table
  std::chrono::milliseconds looked_{0};  // by the steady clock
};

}  // namespace linnet::store
