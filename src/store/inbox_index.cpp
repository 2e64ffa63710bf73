#include "inbox_index.hpp"

#include "packing.hpp"

#include <string>
#include <string_view>

namespace linnet::store {
namespace {

// The run that `from` is in, or the first behind it, and all after.
constexpr std::string_view kRuns =
    "SELECT seq, message_id, entries, more FROM inbox WHERE inbox_id = ?1 AND seq < ?3 AND seq >="
    " coalesce((SELECT seq FROM inbox WHERE inbox_id = ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT 1),"
    " ?2) ORDER BY seq";

Error damaged(InboxId inbox, Seq seq) {
  return Error(ErrCode::kStorage, {},
               "inbox " + std::to_string(inbox.value()) + " has a damaged run at seq " +
                   std::to_string(seq.value()));
}

// Calls `take` with each place; false when the run is damaged.
template <class Take>
bool unpack_run(const Query& row, const Take& take) {
  Place place{row.id<Seq>(0), row.id<MessageId>(1)};
  auto more = row.bytes(3);
  const auto entries = row.number(2);
  if (entries <= 0 || place.seq.value() > INT64_MAX - entries) return false;
  for (auto left = entries; left > 0; --left) {
    take(place);
    if (left == 1) return more.empty();
    const auto step = unpack(more);
    if (!step || *step <= 0 || place.message.value() > INT64_MAX - *step) return false;
    place = {place.seq.next(), MessageId(place.message.value() + *step)};
  }
  return false;
}

}  // namespace

Status insert_run(Connection& db, InboxId inbox, std::span<const Place> places) {
  std::string more;
  for (std::size_t i = 1; i < places.size(); ++i)
    pack(more, places[i].message.value() - places[i - 1].message.value());
  return Query(db, "INSERT OR REPLACE INTO inbox VALUES (?1, ?2, ?3, ?4, ?5)", inbox,
               places.front().seq, places.front().message, static_cast<std::int64_t>(places.size()),
               Blob{more})
      .run();
}

Result<Seq> index_head(Connection& db, InboxId inbox) {
  Query query(db,
              "SELECT seq + entries - 1 FROM inbox WHERE inbox_id = ?1 ORDER BY seq DESC LIMIT 1",
              inbox);
  Seq seq;
  if (query.next()) seq = query.id<Seq>(0);
  if (query.failed()) return query.error();
  return seq;
}

Status read_runs(Connection& db, InboxId inbox, Seq from, Seq end, std::size_t limit,
                 std::vector<Place>& places) {
  Query row(db, kRuns, inbox, from, end);
  while (places.size() < limit && row.next()) {
    const bool sound = unpack_run(row, [&](const Place& place) {
      if (place.seq >= from && place.seq < end && places.size() < limit) places.push_back(place);
    });
    if (!sound) return damaged(inbox, row.id<Seq>(0));
  }
  if (row.failed()) return row.error();
  return success();
}

}  // namespace linnet::store
