#include "message_log.hpp"

#include "inbox_index.hpp"
#include "packing.hpp"

#include <algorithm>

namespace linnet::store {
namespace {

constexpr std::size_t kHeadsKept = 1'000'000;  // about 30 MB
constexpr std::size_t kRebuildChunk = 65'536;
// Inboxes of which a start sees that index and tail fit: each takes a look into the index, which
// may be on a slow disk.
constexpr std::size_t kFirstsChecked = 10'000;

Error damaged(MessageId id, const char* what) {
  return Error(ErrCode::kStorage, "the database is damaged: message " + std::to_string(id.value()) +
                                      " " + what + "; restore a backup");
}

}  // namespace

Status MessageLog::load() {
  auto keys = dedup_.load(clock_);
  if (!keys) return keys;
  MessageId merged;
  {
    Query query(db_, "SELECT value FROM meta WHERE key = 'merged_upto'");
    if (query.next()) merged = query.id<MessageId>(0);
    if (query.failed()) return query.error();
  }
  last_ = merged;
  Query row(db_,
            "SELECT id, recipients, sender_id, sender_device_id, request_id, receiver_id, group_seq"
            " FROM message WHERE id > ?1 ORDER BY id",
            merged);
  while (row.next()) {
    auto rebuilt = rebuild(row);
    if (!rebuilt) return rebuilt;
    if (entries_.size() >= kRebuildChunk) committed();
  }
  if (row.failed()) return row.error();
  committed();
  auto fits = check_merged(merged);
  for (std::size_t i = 0; fits && i < firsts_.size(); ++i)
    fits = check_first(firsts_[i]);
  firsts_ = {};
  return fits;
}

Status MessageLog::check_merged(MessageId merged) {
  if (!merged) return success();
  Query row(db_, "SELECT recipients, receiver_id, group_seq FROM message WHERE id = ?1", merged);
  if (!row.next()) return row.failed() ? Status(row.error()) : damaged(merged, "is missing");
  auto placed = unpack_recipients(row.bytes(0));
  if (!placed) return damaged(merged, "has no readable recipients");
  std::vector<Entry> entries;
  for (const auto& place : *placed)
    entries.push_back({inbox_of(place.user), place.seq, merged});
  if (const auto seq = row.id<Seq>(2))
    entries.push_back({inbox_of(row.id<GroupId>(1)), seq, merged});
  for (const auto& entry : entries) {
    auto found = indexed(entry.inbox, entry.seq);
    if (!found) return found.take_error();
    if (*found != merged) return damaged(merged, "is not in every inbox that it is in");
  }
  return success();
}

// A merge that was cut short has put some of the tail into the index.
Status MessageLog::check_first(const Entry& entry) {
  auto found = indexed(entry.inbox, entry.seq);
  if (!found) return found.take_error();
  if (*found == entry.message) return success();
  auto head = index_head(db_, entry.inbox);
  if (!head) return head.take_error();
  if (*found || head->next() != entry.seq) return damaged(entry.message, "breaks an inbox's order");
  return success();
}

// The message that the index has there; 0: none.
Result<MessageId> MessageLog::indexed(InboxId inbox, Seq seq) {
  std::vector<Place> found;
  auto read = read_runs(db_, inbox, seq, seq.next(), 1, found);
  if (!read) return read.take_error();
  return found.empty() ? MessageId() : found.front().message;
}

Status MessageLog::rebuild(Query& row) {
  const auto id = row.id<MessageId>(0);
  if (id != last_.next()) return damaged(last_.next(), "is missing");
  const auto group_seq = row.id<Seq>(6);
  auto placed = unpack_recipients(row.bytes(1));
  if (!placed || (placed->empty() && !group_seq)) return damaged(id, "has no readable recipients");
  const UserId sender = row.id<UserId>(2);
  Seq sender_seq = group_seq;
  for (const auto& place : *placed) {
    auto restored = restore({inbox_of(place.user), place.seq, id});
    if (!restored) return restored;
    if (place.user == sender) sender_seq = place.seq;
  }
  if (group_seq) {
    auto restored = restore({inbox_of(row.id<GroupId>(5)), group_seq, id});
    if (!restored) return restored;
  }
  const RequestKey key{row.id<DeviceId>(3), row.id<RequestId>(4)};
  if (key.device && key.request) dedup_.remember(key, id, sender_seq);
  last_ = id;
  return success();
}

Status MessageLog::restore(const Entry& entry) {
  auto [head, first] = heads_.try_emplace(entry.inbox, entry.seq);
  if (!first && head->second.next() != entry.seq)
    return damaged(entry.message, "breaks an inbox's order");
  if (first && firsts_.size() < kFirstsChecked) firsts_.push_back(entry);
  head->second = entry.seq;
  entries_.push_back(entry);
  return success();
}

Status MessageLog::check(const NewMessage& message) const {
  if (message.recipients.empty() && !message.group)
    return Error(ErrCode::kBadRequest, "a message needs a recipient");
  if (std::any_of(message.recipients.begin(), message.recipients.end(),
                  [](UserId user) { return user.value() <= 0; }))
    return Error(ErrCode::kBadRequest, "a recipient is no user");
  return success();
}

Result<std::optional<Appended>> MessageLog::answered(const Message& message) {
  std::optional<Appended> answer;
  const RequestKey key{message.sender_device_id, message.request_id};
  if (!key.device || !key.request) return answer;
  auto found = dedup_.find(key);
  if (!found) return found.take_error();
  if (*found) {
    auto own = check_answer(key, **found);
    if (!own) return own.take_error();
    answer.emplace();
    answer->id = (*found)->message;
    answer->sender_seq = (*found)->seq;
    answer->duplicate = true;
  }
  return answer;
}

Result<Appended> MessageLog::refuse(const Message& message, const Error& why) {
  // SQLite may have rolled back everything: the job must fail.
  if (why.code() == ErrCode::kStorage) return Error(why);
  auto before = answered(message);
  if (!before) return before.take_error();
  if (*before) return std::move(**before);
  return Error(why);
}

// A key may be told by a byte that the disk has changed.
Status MessageLog::check_answer(const RequestKey& key, const Answer& answer) {
  Query row(db_,
            "SELECT sender_device_id, request_id, recipients, group_seq, sender_id FROM message"
            " WHERE id = ?1",
            answer.message);
  if (!row.next())
    return row.failed() ? Status(row.error()) : damaged(answer.message, "is missing");
  auto seq = seq_among(row.bytes(2), row.id<UserId>(4));
  if (!seq) seq = row.id<Seq>(3);
  if (row.id<DeviceId>(0) == key.device && row.id<RequestId>(1) == key.request && seq == answer.seq)
    return success();
  return damaged(answer.message, "is not what its request was answered with");
}

Result<Appended> MessageLog::append(const NewMessage& message) {
  auto checked = check(message);
  if (!checked) return checked.take_error();
  const auto& m = message.message;
  auto before = answered(m);
  if (!before) return before.take_error();
  if (*before) return std::move(**before);
  // The merge cannot write (the disk is full, say): what waits for it must not eat the memory.
  if (tail_.size() >= tail_limit_) return Error(ErrCode::kServerBusy, {}, "the inbox tail is full");

  const auto now = clock_.wall();
  std::string recipients;
  auto placed = place(message, last_.next(), recipients);
  if (!placed) return placed;
  const auto mentions = pack_users(m.mentions);
  auto inserted =
      Query(db_,
            "INSERT INTO message (id, request_id, sender_type, sender_id, sender_device_id,"
            " receiver_type, receiver_id, type, status, send_time, received, mentions, content,"
            " recipients, group_seq)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            placed->id, m.request_id, m.sender_type, m.sender_id, m.sender_device_id,
            m.receiver_type, m.receiver_id, m.type, m.status, m.send_time, now, Blob{mentions},
            Blob{m.content}, Blob{recipients}, placed->group_seq)
          .run();
  if (!inserted) return inserted.take_error();
  last_ = placed->id;
  const RequestKey key{m.sender_device_id, m.request_id};
  if (key.device && key.request) {
    dedup_.remember(key, placed->id, placed->sender_seq);
    keys_.push_back(key);
  }
  return placed;
}

Result<Appended> MessageLog::place(const NewMessage& message, MessageId id,
                                   std::string& recipients) {
  Appended result;
  result.id = id;
  result.placed.reserve(message.recipients.size());
  recipients.reserve(message.recipients.size() * 6);
  if (message.group) {
    auto seq = enter(inbox_of(message.group), id);
    if (!seq) return seq.take_error();
    result.group_seq = *seq;
    result.sender_seq = *seq;
  }
  for (auto user : message.recipients) {
    auto seq = enter(inbox_of(user), id);
    if (!seq) return seq.take_error();
    result.placed.push_back({user, *seq});
    if (user.value() == message.message.sender_id) result.sender_seq = *seq;
    pack(recipients, user.value());
    pack(recipients, seq->value());
  }
  return result;
}

// Gives the message the next seq of the inbox.
Result<Seq> MessageLog::enter(InboxId inbox, MessageId id) {
  auto head = find_head(inbox);
  if (!head) return head.take_error();
  const auto seq = ** head = (*head)->next();
  entries_.push_back({inbox, seq, id});
  return seq;
}

Result<Seq> MessageLog::head(InboxId inbox) {
  auto head = find_head(inbox);
  if (!head) return head.take_error();
  return **head;
}

Result<Seq*> MessageLog::find_head(InboxId inbox) {
  auto known = heads_.find(inbox);
  if (known != heads_.end()) return &known->second;
  auto seq = tail_.head(inbox);
  if (!seq) {
    auto indexed = index_head(db_, inbox);
    if (!indexed) return indexed.take_error();
    seq = *indexed;
  }
  return &heads_.emplace(inbox, seq).first->second;
}

void MessageLog::undo(const Mark& mark) {
  for (; entries_.size() > mark.entries; entries_.pop_back())
    heads_.insert_or_assign(entries_.back().inbox, Seq(entries_.back().seq.value() - 1));
  for (; keys_.size() > mark.keys; keys_.pop_back())
    dedup_.forget(keys_.back());
  last_ = mark.last;
}

void MessageLog::committed() {
  ++commits_;
  stored_.store(static_cast<std::uint64_t>(last_.value()), std::memory_order_relaxed);
  tail_.add(entries_);
  entries_.clear();
  keys_.clear();
  // They may go: a head can be read again from the tail or the index.
  if (heads_.size() > kHeadsKept) heads_.clear();
}

}  // namespace linnet::store
