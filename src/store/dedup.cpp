#include "dedup.hpp"

#include <algorithm>
#include <cassert>
#include <functional>
#include <utility>

namespace linnet::store {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDay = std::chrono::hours(24);
// What a crash may take of a day: it lasts so much longer then.
constexpr milliseconds kBetweenSaves = std::chrono::minutes(10);
// A damaged file may say anything.
constexpr std::int64_t kLastDay = std::int64_t{1} << 40U;
// Of each day: enough for some devices with high request ids to be told from all others.
constexpr std::int64_t kScanned = 1024;

}  // namespace

Status Dedup::load(const Clock& clock) {
  auto scanned = scan();
  if (!scanned) return scanned;
  auto day = saved("dedup_day");
  auto lasted = saved("dedup_day_ms");
  if (!day) return day.take_error();
  if (!lasted) return lasted.take_error();
  day_ = days_.empty() ? *day : std::max(*day, days_.front());
  day_ = std::clamp<std::int64_t>(day_, 1, kLastDay);
  lasted_ = std::clamp(milliseconds(*lasted), milliseconds(0), kDay);
  saved_ = lasted_;
  looked_ = clock.steady();
  return success();
}

Result<std::int64_t> Dedup::saved(std::string_view key) {
  Query row(db_, "SELECT value FROM meta WHERE key = ?1", key);
  const auto value = row.next() ? row.number(0) : 0;
  if (row.failed()) return row.error();
  return value;
}

Status Dedup::scan() {
  // What was known stays known when this fails: a day too many only costs a lookup.
  std::vector<std::int64_t> days;
  auto highest = kNone;
  for (std::int64_t before = INT64_MAX;;) {
    Query row(db_,
              "SELECT day, request_id, device_id FROM dedup_key"
              " WHERE day = (SELECT max(day) FROM dedup_key WHERE day < ?1)"
              " ORDER BY request_id DESC, device_id DESC LIMIT ?2",
              before, kScanned);
    std::int64_t rows = 0;
    std::int64_t request = 0;
    for (; row.next(); ++rows) {
      before = row.number(0);
      request = row.number(1);
      auto& known = highest.at(bucket_of(row.id<DeviceId>(2)));
      known = std::max(known, request);
    }
    if (row.failed()) return row.error();
    if (rows == 0) break;
    days.push_back(before);
    // Those that were not looked at are no higher than the last that was.
    if (rows < kScanned) continue;
    for (auto& known : highest)
      known = std::max(known, request);
  }
  days_ = std::move(days);
  highest_ = highest;
  return success();
}

Result<std::optional<Answer>> Dedup::find(const RequestKey& key) {
  auto it = active_->find(key);
  if (it != active_->end()) return std::optional(it->second);
  if (frozen_) {
    auto old = frozen_->find(key);
    if (old != frozen_->end()) return std::optional(old->second);
  }
  if (key.request.value() > highest_.at(bucket_of(key.device))) return std::optional<Answer>();
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

void Dedup::remember(const RequestKey& key, MessageId message, Seq seq) {
  active_->insert_or_assign(key, Answer{day_, message, seq});
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
  note(answer.day, key);
  return Query(db_, "INSERT OR IGNORE INTO dedup_key VALUES (?1, ?2, ?3, ?4, ?5)", answer.day,
               key.request, key.device, answer.message, answer.seq)
      .run();
}

void Dedup::note(std::int64_t day, const RequestKey& key) {
  auto& known = highest_.at(bucket_of(key.device));
  known = std::max(known, key.request.value());
  const auto place = std::lower_bound(days_.begin(), days_.end(), day, std::greater<>());
  if (place == days_.end() || *place != day) days_.insert(place, day);
}

void Dedup::look(const Clock& clock) {
  const auto now = clock.steady();
  lasted_ += now - looked_;
  looked_ = now;
}

bool Dedup::chore_due(const Clock& clock) {
  return (unsaved(clock) && (lasted_ >= kDay || lasted_ - saved_ >= kBetweenSaves)) || prunable();
}

// While there is no key the days do not count.
bool Dedup::unsaved(const Clock& clock) {
  look(clock);
  return lasted_ > saved_ && !(days_.empty() && active_->empty() && !frozen_);
}

Status Dedup::run_chore(const Clock& clock, int limit) {
  look(clock);
  const bool over = lasted_ >= kDay;
  const auto day = over ? day_ + 1 : day_;
  const auto lasted = over ? milliseconds(0) : lasted_;
  Transaction transaction(db_, Transaction::Kind::kWrite);
  if (!transaction.begun()) return transaction.begun();
  auto saved = Query(db_,
                     "INSERT OR REPLACE INTO meta (key, value) VALUES ('dedup_day', ?1),"
                     " ('dedup_day_ms', ?2)",
                     day, static_cast<std::int64_t>(lasted.count()))
                   .run();
  if (!saved) return saved;
  bool all = false;
  if (prunable()) {
    auto removed = Query(db_,
                         "DELETE FROM dedup_key WHERE (day, request_id, device_id) IN"
                         " (SELECT day, request_id, device_id FROM dedup_key WHERE day = ?1"
                         "  ORDER BY request_id, device_id LIMIT ?2)",
                         days_.back(), limit)
                       .run();
    if (!removed) return removed;
    all = db_.changes() < limit;
  }
  auto committed = transaction.commit();
  if (!committed) return committed;
  day_ = day;
  lasted_ = saved_ = lasted;
  return all ? scan() : success();
}

}  // namespace linnet::store
