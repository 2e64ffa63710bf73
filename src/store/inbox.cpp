#include "inbox.hpp"

#include "inbox_index.hpp"
#include "packing.hpp"

#include <algorithm>
#include <span>
#include <string_view>

namespace linnet::store {
namespace {

// So many messages are fetched by one statement: each costs as much as two rows. Those that there
// are not are left out.
constexpr std::size_t kAtOnce = 32;
constexpr std::string_view kSeveral =
    "WITH wanted (id) AS (VALUES (?1), (?2), (?3), (?4), (?5), (?6), (?7), (?8), (?9), (?10),"
    " (?11), (?12), (?13), (?14), (?15), (?16), (?17), (?18), (?19), (?20), (?21), (?22), (?23),"
    " (?24), (?25), (?26), (?27), (?28), (?29), (?30), (?31), (?32))"
    " SELECT m.request_id, m.sender_type, m.sender_id, m.sender_device_id, m.receiver_type,"
    " m.receiver_id, m.type, m.status, m.send_time, m.mentions, m.content, m.recipients,"
    " m.group_seq, m.id"
    " FROM wanted w CROSS JOIN message m ON m.id = w.id";
constexpr int kIdColumn = 13;

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

// Where the message itself says that it stands in the inbox: what the disk has changed of the index
// must not show anybody another's message.
Seq own_place(const Query& row, InboxId inbox) {
  if (inbox.value() >= 0) return seq_among(row.bytes(11), UserId(inbox.value()));
  return row.number(5) == -inbox.value() ? row.id<Seq>(12) : Seq();
}

// Fills a page with the messages of places, and sees that nothing is left out.
class PageReader {
 public:
  PageReader(Connection& db, InboxId inbox, PageLimit limit, InboxPage& page)
      : db_(db), inbox_(inbox), limit_(limit), page_(page) {}

  // The first `count` that follow on `after`; `places` should be they.
  Status read(Seq after, std::size_t count, std::span<const Place> places) {
    for (std::size_t i = 0; i < count; ++i) {
      after = after.next();
      if (i >= places.size() || places[i].seq != after) return hole(after);
    }
    while (!full_ && !places.empty()) {
      const auto some = places.first(std::min(places.size(), kAtOnce));
      auto fetched = fetch(some);
      if (!fetched) return fetched;
      places = places.subspan(some.size());
    }
    return success();
  }

 private:
  Status fetch(std::span<const Place> places) {
    Query row(db_, kSeveral);
    for (std::size_t i = 0; i < places.size(); ++i)
      row.bind(static_cast<int>(i) + 1, places[i].message.value());
    for (const auto& place : places) {
      if (full_) return success();
      const bool found = row.next();
      if (row.failed()) return row.error();
      if (!found || row.id<MessageId>(kIdColumn) != place.message) return hole(place.seq);
      auto added = add(place.seq, row);
      if (!added) return added;
    }
    return success();
  }

  Error hole(Seq seq) const {
    return Error(
        ErrCode::kStorage, {},
        "inbox " + std::to_string(inbox_.value()) + " lacks seq " + std::to_string(seq.value()));
  }

  Status add(Seq seq, const Query& row) {
    if (own_place(row, inbox_) != seq) return hole(seq);
    auto& entry = page_.entries.emplace_back();
    entry.seq = seq;
    auto taken = take_message(row, entry.message);
    if (!taken) return taken;
    bytes_ += entry.message.content.size();
    if (bytes_ > limit_.bytes && page_.entries.size() > 1) {
      page_.entries.pop_back();
      full_ = true;
    }
    return success();
  }

  Connection& db_;
  InboxId inbox_;
  PageLimit limit_;
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

  const auto expected =
      std::min(count, static_cast<std::size_t>(page.head.value() - after.value()));
  std::vector<Place> places;
  places.reserve(expected);
  const auto end = unmerged.first ? unmerged.first : page.head.next();
  if (after.next() < end) {
    auto read = read_runs(db, inbox, after.next(), end, expected, places);
    if (!read) return Error(read.error());
  }
  const auto room = std::min(expected - places.size(), unmerged.places.size());
  places.insert(places.end(), unmerged.places.begin(),
                unmerged.places.begin() + static_cast<std::ptrdiff_t>(room));
  page.entries.reserve(expected);
  auto read = PageReader(db, inbox, limit, page).read(after, expected, places);
  if (!read) return Error(read.error());
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

Result<Seq> acknowledged_by(Connection& db, UserId user, DeviceId device) {
  Query query(db, "SELECT seq FROM device_ack WHERE user_id = ?1 AND device_id = ?2", user, device);
  Seq seq;
  if (query.next()) seq = query.id<Seq>(0);
  if (query.failed()) return query.error();
  return seq;
}

}  // namespace linnet::store
