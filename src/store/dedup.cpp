#include "dedup.hpp"

#include <algorithm>
#include <cassert>
#include <functional>
#include <utility>

namespace linnet::store {
namespace {

constexpr std::int64_t kDayMillis = 86'400'000;
// A clock that is set right moves less.
constexpr std::chrono::hours kJump{1};
constexpr std::chrono::hours kKept{24};
constexpr std::int64_t kRecent = 3;  // days

// A day more or less is no jump: midnight comes between any two looks at the clock.
bool is_about(std::int64_t day, std::int64_t today) {
  return day >= today - 1 && day <= today + 1;
}

}  // namespace

std::int64_t day_of(Millis time) {
  return time.value() / kDayMillis;
}

Status Dedup::load() {
  days_.clear();
  highest_ = INT64_MIN;
  for (std::int64_t before = INT64_MAX;;) {
    Query row(db_,
              "SELECT day, request_id FROM dedup_key WHERE day < ?1"
              " ORDER BY day DESC, request_id DESC, device_id DESC LIMIT 1",
              before);
    if (!row.next()) return row.failed() ? Status(row.error()) : success();
    before = row.number(0);
    note(before, row.number(1));
  }
}

Result<std::optional<Answer>> Dedup::find(const RequestKey& key) {
  auto it = active_->find(key);
  if (it != active_->end()) return std::optional(it->second);
  if (frozen_) {
    auto old = frozen_->find(key);
    if (old != frozen_->end()) return std::optional(old->second);
  }
  if (key.request.value() > highest_) return std::optional<Answer>();
  for (auto day : days_) {
    auto found = find_in_table(key, day);
    if (!found || *found) return found;
  }
  return std::optional<Answer>();
}

Result<std::optional<Answer>> Dedup::find_in_table(const RequestKey& key, std::int64_t day) {
  Query query(db_,
              "SELECT message_id, seq FROM dedup_key"
              " WHERE day = ?1 AND request_id = ?2 AND device_id = ?3",
              day, key.request, key.device);
  std::optional<Answer> answer;
  if (query.next()) answer = Answer{day, query.id<MessageId>(0), query.id<Seq>(1)};
  if (query.failed()) return query.error();
  return answer;
}

void Dedup::remember(const RequestKey& key, const Answer& answer, const Clock& clock) {
  // The clock may jump and come back before anyone looks at it for another reason.
  watch(clock);
  active_->insert_or_assign(key, answer);
}

void Dedup::restore(const RequestKey& key, const Answer& answer) {
  note_day(answer.day);
  active_->insert_or_assign(key, answer);
}

std::shared_ptr<const Dedup::Generation> Dedup::freeze() {
  assert(!frozen_);
  auto next = std::make_shared<Generation>();
  next->reserve(active_->size());
  frozen_ = std::exchange(active_, std::move(next));
  return frozen_;
}

std::shared_ptr<const Dedup::Generation> Dedup::drop_frozen() {
  return std::exchange(frozen_, nullptr);
}

Status Dedup::insert(const RequestKey& key, const Answer& answer) {
  // Even if the transaction fails: a day too many only costs a lookup.
  note(answer.day, key.request.value());
  return Query(db_, "INSERT OR IGNORE INTO dedup_key VALUES (?1, ?2, ?3, ?4, ?5)", answer.day,
               key.request, key.device, answer.message, answer.seq)
      .run();
}

void Dedup::note(std::int64_t day, std::int64_t request) {
  highest_ = std::max(highest_, request);
  note_day(day);
}

void Dedup::note_day(std::int64_t day) {
  const auto place = std::lower_bound(days_.begin(), days_.end(), day, std::greater<>());
  if (place == days_.end() || *place != day) days_.insert(place, day);
}

// A jump of the clock says nothing of how old the keys are.
void Dedup::watch(const Clock& clock) {
  const auto steady = clock.steady();
  const auto ahead = std::chrono::milliseconds(clock.wall().value()) - steady;
  const auto today = day_of(clock.wall());
  // At the start the days tell: they follow on each other.
  const bool jumped = ahead_ ? std::chrono::abs(ahead - *ahead_) > kJump
                             : !days_.empty() && (!is_about(days_.front(), today) ||
                                                  days_.back() < today - kRecent);
  if (jumped) prune_after_ = steady + kKept;
  if (jumped || !ahead_) ahead_ = ahead;
}

std::optional<std::int64_t> Dedup::day_to_prune(const Clock& clock) {
  if (days_.empty()) return std::nullopt;
  watch(clock);
  if (clock.steady() < prune_after_) return std::nullopt;
  const auto today = day_of(clock.wall());
  for (auto day : {days_.back(), days_.front()})
    if (!is_about(day, today)) return day;
  return std::nullopt;
}

Status Dedup::prune(const Clock& clock, int limit) {
  const auto day = day_to_prune(clock);
  if (!day) return success();
  Transaction transaction(db_, Transaction::Kind::kWrite);
  if (!transaction.begun()) return transaction.begun();
  auto removed = Query(db_,
                       "DELETE FROM dedup_key WHERE (day, request_id, device_id) IN"
                       " (SELECT day, request_id, device_id FROM dedup_key WHERE day = ?1"
                       "  ORDER BY request_id, device_id LIMIT ?2)",
                       *day, limit)
                     .run();
  if (!removed) return removed;
  const bool all = db_.changes() < limit;
  auto committed = transaction.commit();
  return committed && all ? load() : committed;
}

}  // namespace linnet::store
