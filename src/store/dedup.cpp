#include "dedup.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace linnet::store {

Status Dedup::load() {
  Query first(db_, "SELECT day FROM dedup_key ORDER BY day, device_id, request_id LIMIT 1");
  if (first.next()) first_day_ = first.number(0);
  if (first.failed()) return first.error();
  Query last(
      db_, "SELECT day FROM dedup_key ORDER BY day DESC, device_id DESC, request_id DESC LIMIT 1");
  if (last.next()) last_day_ = last.number(0);
  if (last.failed()) return last.error();
  return success();
}

Result<std::optional<Answer>> Dedup::find(const RequestKey& key, std::int64_t today) {
  auto it = active_->find(key);
  if (it != active_->end()) return std::optional(it->second);
  if (frozen_) {
    auto old = frozen_->find(key);
    if (old != frozen_->end()) return std::optional(old->second);
  }
  for (auto day = std::max(today - 1, first_day_); day <= std::min(today + 1, last_day_); ++day) {
    auto found = find_in_table(key, day);
    if (!found || *found) return found;
  }
  return std::optional<Answer>();
}

Result<std::optional<Answer>> Dedup::find_in_table(const RequestKey& key, std::int64_t day) {
  Query query(db_,
              "SELECT message_id, seq FROM dedup_key"
              " WHERE day = ?1 AND device_id = ?2 AND request_id = ?3",
              day, key.device, key.request);
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
  frozen_ = std::exchange(active_, std::make_shared<Generation>());
  return frozen_;
}

std::shared_ptr<const Dedup::Generation> Dedup::drop_frozen() {
  return std::exchange(frozen_, nullptr);
}

Status Dedup::insert(const RequestKey& key, const Answer& answer) {
  // Widened even if the transaction fails: too wide only costs a lookup.
  first_day_ = std::min(first_day_, answer.day);
  last_day_ = std::max(last_day_, answer.day);
  return Query(db_, "INSERT OR IGNORE INTO dedup_key VALUES (?1, ?2, ?3, ?4, ?5)", answer.day,
               key.device, key.request, answer.message, answer.seq)
      .run();
}

Status Dedup::prune(std::int64_t today, int limit) {
  Transaction transaction(db_, Transaction::Kind::kWrite);
  if (!transaction.begun()) return transaction.begun();
  auto removed = Query(db_,
                       "DELETE FROM dedup_key WHERE (day, device_id, request_id) IN"
                       " (SELECT day, device_id, request_id FROM dedup_key WHERE day < ?1"
                       "  ORDER BY day, device_id, request_id LIMIT ?2)",
                       today - 1, limit)
                     .run();
  if (!removed) return removed;
  const bool all = db_.changes() < limit;
  auto committed = transaction.commit();
  if (!committed) return committed;
  if (all) {
    first_day_ = INT64_MAX;
    last_day_ = INT64_MIN;
    return load();
  }
  return success();
}

}  // namespace linnet::store
