#include "inbox.hpp"

#include "packing.hpp"

#include <algorithm>
#include <optional>

namespace linnet::store {
namespace {

Result<Seq> index_head(Connection& db, InboxId inbox) {
  Query query(db, "SELECT seq FROM inbox WHERE inbox_id = ?1 ORDER BY seq DESC LIMIT 1", inbox);
  Seq seq;
  if (query.next()) seq = query.id<Seq>(0);
  if (query.failed()) return query.error();
  return seq;
}

// Places after `after` and before `before`.
Result<std::vector<Place>> index_places(Connection& db, InboxId inbox, Seq after, Seq before,
                                        std::size_t limit) {
  std::vector<Place> places;
  Query query(db,
              "SELECT seq, message_id FROM inbox WHERE inbox_id = ?1 AND seq > ?2 AND seq < ?3"
              " ORDER BY seq LIMIT ?4",
              inbox, after, before, static_cast<std::int64_t>(limit));
  while (query.next())
    places.push_back({query.id<Seq>(0), query.id<MessageId>(1)});
  if (query.failed()) return query.error();
  return places;
}

Result<std::optional<Message>> read_message(Connection& db, MessageId id) {
  Query row(db,
            "SELECT request_id, sender_type, sender_id, sender_device_id, receiver_type,"
            " receiver_id, type, status, send_time, mentions, content FROM message WHERE id = ?1",
            id);
  std::optional<Message> found;
  if (row.next()) {
    auto mentions = unpack_users(row.bytes(9));
    if (!mentions) return Error(ErrCode::kStorage, {}, "a message's mentions are damaged");
    auto& message = found.emplace();
    message.request_id = row.id<RequestId>(0);
    message.sender_type = row.small(1);
    message.sender_id = row.number(2);
    message.sender_device_id = row.id<DeviceId>(3);
    message.receiver_type = row.small(4);
    message.receiver_id = row.number(5);
    message.type = row.small(6);
    message.status = row.small(7);
    message.send_time = row.id<Millis>(8);
    message.mentions = std::move(*mentions);
    message.content = row.text(10);
  }
  if (row.failed()) return row.error();
  return found;
}

Error hole(InboxId inbox, Seq seq) {
  return Error(
      ErrCode::kStorage, {},
      "inbox " + std::to_string(inbox.value()) + " lacks seq " + std::to_string(seq.value()));
}

// Index first, tail behind it; `head` is known to be over `after`.
Result<std::vector<Place>> find_places(Connection& db, const Tail::Part& unmerged, InboxId inbox,
                                       Seq after, std::size_t limit) {
  const bool all_unmerged = unmerged.first && after.next() >= unmerged.first;
  if (all_unmerged) return unmerged.places;
  const Seq before = unmerged.first ? unmerged.first : Seq(INT64_MAX);
  auto places = index_places(db, inbox, after, before, limit);
  if (!places) return places;
  const auto more = std::min(limit - places->size(), unmerged.places.size());
  places->insert(places->end(), unmerged.places.begin(),
                 unmerged.places.begin() + static_cast<std::ptrdiff_t>(more));
  return places;
}

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

  auto places = find_places(db, unmerged, inbox, after, count);
  if (!places) return places.take_error();
  if (places->empty()) return hole(inbox, after.next());
  std::size_t bytes = 0;
  Seq expected = after.next();
  for (const auto& place : *places) {
    if (place.seq != expected) return hole(inbox, expected);
    auto message = read_message(db, place.message);
    if (!message) return message.take_error();
    if (!*message) return hole(inbox, place.seq);
    bytes += (*message)->content.size();
    if (bytes > limit.bytes && !page.entries.empty()) break;
    page.entries.push_back({place.seq, std::move(**message)});
    expected = expected.next();
  }
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
