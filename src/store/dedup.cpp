#include "dedup.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace linnet::store {

Status Dedup::load() {
  first_day_ = INT64_MAX;
  last_day_ = INT64_MIN;
  highest_ = INT64_MIN;
  // From each day to the one before that has any; there are two or three.
  std::int64_t before = INT64_MAX;
  for (;;) {
    Query row(db_,
              "SELECT day, request_id FROM dedup_key WHERE day < ?1"
              " ORDER BY day DESC, request_id DESC, device_id DESC LIMIT 1",
              before);
    const bool found = row.next();
    if (row.failed()) return row.error();
    if (!found) return success();
    before = row.number(0);
    note(before, row.number(1));
  }
}

void Dedup::note(std::int64_t day, std::int64_t request) {
  first_day_ = std::min(first_day_, day);
  last_day_ = std::max(last_day_, day);
  highest_ = std::max(highest_, request);
}

Result<std::optional<Answer>> Dedup::find(const RequestKey& key, std::int64_t today) {
  auto it = active_->find(key);
  if (it != active_->end()) return std::optional(it->second);
  if (frozen_) {
    auto old = frozen_->find(key);
    if (old != frozen_->end()) return std::optional(old->second);
  }
  if (key.request.value() > highest_) return std::optional<Answer>();
  for (auto day = std::max(today - 1, first_day_); day <= std::min(today + 1, last_day_); ++day) {
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

void Dedup::remember(const RequestKey& key, const Answer& answer) {
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
  // Widened even if the transaction fails: too wide only costs a lookup.
  note(answer.day, key.request.value());
  return Query(db_, "INSERT OR IGNORE INTO dedup_key VALUES (?1, ?2, ?3, ?4, ?5)", answer.day,
               key.request, key.device, answer.message, answer.seq)
      .run();
}

Status Dedup::prune(std::int64_t today, int limit) {
  Transaction transaction(db_, Transaction::Kind::kWrite);
  if (!transaction.begun()) return transaction.begun();
  auto removed = Query(db_,
                       "DELETE FROM dedup_key WHERE (day, request_id, device_id) IN"
                       " (SELECT day, request_id, device_id FROM dedup_key WHERE day < ?1"
                       "  ORDER BY day, request_id, device_id LIMIT ?2)",
                       today - 1, limit)
                     .run();
  if (!removed) return removed;
  const bool all = db_.changes() < limit;
  auto committed = transaction.commit();
  if (!committed) return committed;
  return all ? load() : success();
}

}  // namespace linnet::store
