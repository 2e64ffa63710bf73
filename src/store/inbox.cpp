#include "inbox.hpp"

#include "packing.hpp"

#include <algorithm>
#include <string_view>

namespace linnet::store {
namespace {

Result<Seq> index_head(Connection& db, InboxId inbox) {
  Query query(db, "SELECT seq FROM inbox WHERE inbox_id = ?1 ORDER BY seq DESC LIMIT 1", inbox);
  Seq seq;
  if (query.next()) seq = query.id<Seq>(0);
  if (query.failed()) return query.error();
  return seq;
}

// The first columns of both are what take_message() takes.
constexpr std::string_view kIndexed =
    "SELECT m.request_id, m.sender_type, m.sender_id, m.sender_device_id, m.receiver_type,"
    " m.receiver_id, m.type, m.status, m.send_time, m.mentions, m.content, i.seq"
    " FROM inbox i LEFT JOIN message m ON m.id = i.message_id"
    " WHERE i.inbox_id = ?1 AND i.seq >= ?2 AND i.seq < ?3 ORDER BY i.seq LIMIT ?4";
constexpr std::string_view kOne =
    "SELECT m.request_id, m.sender_type, m.sender_id, m.sender_device_id, m.receiver_type,"
    " m.receiver_id, m.type, m.status, m.send_time, m.mentions, m.content"
    " FROM message m WHERE m.id = ?1";

Status take_message(const Query& row, Message& message) {
  message.request_id = row.id<RequestId>(0);
  message.sender_type = row.small(1);
  message.sender_id = row.number(2);
  message.sender_device_id = row.id<DeviceId>(3);
  message.receiver_type = row.small(4);
  message.receiver_id = row.number(5);
  message.type = row.small(6);
  message.status = row.small(7);
  message.send_time = row.id<Millis>(8);
  if (const auto packed = row.bytes(9); !packed.empty()) {
    auto mentions = unpack_users(packed);
    if (!mentions) return Error(ErrCode::kStorage, {}, "a message's mentions are damaged");
    message.mentions = std::move(*mentions);
  }
  message.content = row.bytes(10);
  return success();
}

// Fills a page with what follows on `after`, and sees that nothing is left out.
class PageReader {
 public:
  PageReader(Connection& db, InboxId inbox, Seq after, PageLimit limit, InboxPage& page)
      : db_(db), inbox_(inbox), limit_(limit), expected_(after.next()), page_(page) {
    limit_.entries = std::clamp<std::size_t>(limit.entries, 1, 65'536);
  }

  // What the index has before `end`: one statement for all of it, as each costs as much as a row.
  Status read_index(Seq end) {
    Query row(db_, kIndexed, inbox_, expected_, end, static_cast<std::int64_t>(limit_.entries));
    while (!full_ && row.next()) {
      if (row.is_null(0)) return hole(row.id<Seq>(11));
      auto added = add(row.id<Seq>(11), row);
      if (!added) return added;
    }
    if (row.failed()) return row.error();
    return success();
  }

  Status read_places(const std::vector<Place>& places) {
    for (const auto& place : places) {
      if (full_) break;
      Query row(db_, kOne, place.message);
      if (!row.next()) return row.failed() ? row.error() : hole(place.seq);
      auto added = add(place.seq, row);
      if (!added) return added;
    }
    return success();
  }

  bool full() const { return full_; }
  Error hole(Seq seq) const {
    return Error(
        ErrCode::kStorage, {},
        "inbox " + std::to_string(inbox_.value()) + " lacks seq " + std::to_string(seq.value()));
  }
  Seq expected() const { return expected_; }

 private:
  Status add(Seq seq, const Query& row) {
    if (seq != expected_) return hole(expected_);
    auto& entry = page_.entries.emplace_back();
    entry.seq = seq;
    auto taken = take_message(row, entry.message);
    if (!taken) return taken;
    bytes_ += entry.message.content.size();
    if (bytes_ > limit_.bytes && page_.entries.size() > 1) {
      page_.entries.pop_back();
      full_ = true;
      return success();
    }
    full_ = page_.entries.size() >= limit_.entries;
    expected_ = expected_.next();
    return success();
  }

  Connection& db_;
  InboxId inbox_;
  PageLimit limit_;
  Seq expected_;
  std::size_t bytes_ = 0;
  bool full_ = false;
  InboxPage& page_;
};

}  // namespace

Result<InboxPage> read_inbox(Connection& db, const Tail& tail, InboxId inbox, Seq after,
                             PageLimit limit) {
  after = std::max(after, Seq());
  const auto count = std::clamp<std::size_t>(limit.entries, 1, 65'536);
  // Before the transaction, see tail.hpp.
  const auto unmerged = tail.read(inbox, after, count);
  Transaction transaction(db, Transaction::Kind::kRead);
  if (!transaction.begun()) return Error(transaction.begun().error());
  InboxPage page;
  page.head = unmerged.head;
  if (!page.head) {
    auto head = index_head(db, inbox);
    if (!head) return head.take_error();
    page.head = *head;
  }
  if (after >= page.head) return page;

  page.entries.reserve(
      std::min<std::size_t>(count, static_cast<std::size_t>(page.head.value() - after.value())));
  PageReader reader(db, inbox, after, limit, page);
  const bool all_unmerged = unmerged.first && after.next() >= unmerged.first;
  if (!all_unmerged) {
    auto read = reader.read_index(unmerged.first ? unmerged.first : Seq(INT64_MAX));
    if (!read) return Error(read.error());
  }
  auto read = reader.read_places(unmerged.places);
  if (!read) return Error(read.error());
  if (!reader.full() && reader.expected() <= page.head) return reader.hole(reader.expected());
  return page;
}

Result<Seq> head(Connection& db, const Tail& tail, InboxId inbox) {
  if (auto seq = tail.head(inbox)) return seq;
  return index_head(db, inbox);
}

Result<Seq> acknowledged(Connection& db, const Tail& tail, const Acks& acks, UserId user) {
  // Before the table: what is written in between is then seen twice, never missed.
  auto waiting = acks.highest(user);
  if (waiting) {
    auto highest = head(db, tail, inbox_of(user));
    if (!highest) return highest;
    waiting = std::min(waiting, *highest);
  }
  Query query(db, "SELECT max(seq) FROM device_ack WHERE user_id = ?1", user);
  if (query.next()) waiting = std::max(waiting, query.id<Seq>(0));
  if (query.failed()) return query.error();
  return waiting;
}

}  // namespace linnet::store
