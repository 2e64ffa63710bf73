#include "friends.hpp"

#include "accounts.hpp"
#include "erasure.hpp"

#include <chrono>

namespace linnet::store {
namespace {

// friend.status; no row: none.
constexpr std::int32_t kAsked = 1;
constexpr std::int32_t kAgreed = 2;
constexpr std::int32_t kWithdrawn = 3;  // `updated` is when it was asked; schema 0014 knows it too

// Taking a request back and asking again makes no second notice for so long.
constexpr std::chrono::milliseconds kNoticedFor = std::chrono::hours(24);

// How `user` stands to `other`, 0 when there is no row.
Result<std::int32_t> status_of(Connection& db, UserId user, UserId other) {
  Query query(db, "SELECT status FROM friend WHERE user_id = ?1 AND friend_id = ?2", user, other);
  std::int32_t status = 0;
  if (query.next()) status = query.small(0);
  if (query.failed()) return query.error();
  return status;
}

Status check_exists(Connection& db, UserId user) {
  Query query(db, "SELECT 1 FROM user WHERE id = ?1", user);
  const bool exists = query.next();
  if (query.failed()) return query.error();
  if (!exists) return Error(ErrCode::kUserNotExist);
  return success();
}

// A call may have been admitted before its caller was erased.
Status check_not_erased(Connection& db, UserId user) {
  auto erased = was_erased(db, user);
  if (!erased) return erased.take_error();
  return *erased ? Error(ErrCode::kUnauthorized) : success();
}

// One more friend or open request of `user`.
Status check_room(Connection& db, UserId user, std::size_t most) {
  if (most == 0) return success();
  const auto limit = static_cast<std::int64_t>(most);
  Query row(db,
            "SELECT count(*) FROM (SELECT 1 FROM friend INDEXED BY friend_open"
            " WHERE user_id = ?1 AND status != 3 LIMIT ?2)",
            user, limit);
  const bool full = row.next() && row.number(0) >= limit;
  if (row.failed()) return row.error();
  return full ? Error(ErrCode::kTooManyFriends) : success();
}

// Each new request takes two along that were taken back and need not be remembered any more.
Status forget_withdrawn(Connection& db, UserId user, Millis now) {
  return Query(
             db,
             "DELETE FROM friend WHERE user_id = ?1 AND friend_id IN (SELECT friend_id FROM friend"
             " INDEXED BY friend_withdrawn WHERE user_id = ?1 AND status = 3 AND updated < ?2"
             " ORDER BY updated LIMIT 2)",
             user, Millis(now.value() - kNoticedFor.count()))
      .run();
}

Appended nothing_new() {
  Appended result;
  result.duplicate = true;
  return result;
}

Result<Appended> ask_again(Connection& db, MessageLog& log, const FriendRequest& request,
                           const NewMessage& notice) {
  Millis asked;
  {
    Query row(db, "SELECT updated FROM friend WHERE user_id = ?1 AND friend_id = ?2", request.from,
              request.to);
    if (row.next()) asked = row.id<Millis>(0);
    if (row.failed()) return row.error();
  }
  const bool noticed = request.now.value() - asked.value() < kNoticedFor.count();
  auto noted = Query(db,
                     "UPDATE friend SET status = ?3, remarks = ?4, description = ?5, updated = ?6"
                     " WHERE user_id = ?1 AND friend_id = ?2",
                     request.from, request.to, kAsked, request.remarks, request.description,
                     noticed ? asked : request.now)
                   .run();
  if (!noted) return noted.take_error();
  if (noticed) return nothing_new();
  return log.append(notice);
}

}  // namespace

Result<bool> blocks(Connection& db, UserId blocker, UserId blocked) {
  Query query(db, "SELECT 1 FROM user_block WHERE user_id = ?1 AND blocked_id = ?2", blocker,
              blocked);
  const bool found = query.next();
  if (query.failed()) return query.error();
  return found;
}

Result<Appended> request_friend(Connection& db, MessageLog& log, const FriendRequest& request,
                                const NewMessage& notice, std::size_t most) {
  auto exists = check_exists(db, request.to);
  if (!exists) return exists.take_error();
  auto self = check_not_erased(db, request.from);
  if (!self) return self.take_error();
  auto blocked = blocks(db, request.to, request.from);
  if (!blocked) return blocked.take_error();
  if (*blocked) return Error(ErrCode::kBlocked);
  auto status = status_of(db, request.from, request.to);
  if (!status) return status.take_error();
  // Asking again would be a way to fill somebody's inbox.
  if (*status == kAsked || *status == kAgreed) return nothing_new();
  auto room = check_room(db, request.from, most);
  if (!room) return room.take_error();
  if (*status == kWithdrawn) return ask_again(db, log, request, notice);
  auto forgotten = forget_withdrawn(db, request.from, request.now);
  if (!forgotten) return forgotten.take_error();
  auto noted =
      Query(db,
            "INSERT INTO friend (user_id, friend_id, status, remarks, extra, description,"
            " created, updated) VALUES (?1, ?2, ?3, ?4, '', ?5, ?6, ?6)",
            request.from, request.to, kAsked, request.remarks, request.description, request.now)
          .run();
  if (!noted) return noted.take_error();
  return log.append(notice);
}

Result<Appended> agree_friend(Connection& db, MessageLog& log, const Agreement& agreement,
                              const NewMessage& notice, std::size_t most) {
  auto status = status_of(db, agreement.asker, agreement.user);
  if (!status) return status.take_error();
  if (*status == kAgreed) return nothing_new();
  if (*status != kAsked)
    return Error(ErrCode::kBadRequest, "there is no friend request of that user");
  auto blocked = blocks(db, agreement.asker, agreement.user);
  if (!blocked) return blocked.take_error();
  if (*blocked) return Error(ErrCode::kBlocked);
  auto own = status_of(db, agreement.user, agreement.asker);
  if (!own) return own.take_error();
  // Who has asked as well is counted already.
  if (*own != kAsked) {
    auto room = check_room(db, agreement.user, most);
    if (!room) return room.take_error();
  }
  auto agreed = Query(db,
                      "UPDATE friend SET status = ?3, updated = ?4"
                      " WHERE user_id = ?1 AND friend_id = ?2",
                      agreement.asker, agreement.user, kAgreed, agreement.now)
                    .run();
  if (!agreed) return agreed.take_error();
  // The user may have asked as well.
  auto other_way =
      Query(db,
            "INSERT INTO friend (user_id, friend_id, status, remarks, extra, description, created,"
            " updated) VALUES (?1, ?2, ?3, ?4, '', '', ?5, ?5)"
            " ON CONFLICT DO UPDATE SET status = excluded.status, remarks = excluded.remarks,"
            " updated = excluded.updated",
            agreement.user, agreement.asker, kAgreed, agreement.remarks, agreement.now)
          .run();
  if (!other_way) return other_way.take_error();
  return log.append(notice);
}

Result<Friendship> friendship(Connection& db, UserId user, UserId other) {
  // One statement sees one state of the database.
  Query row(db,
            "SELECT (SELECT 1 FROM user_block WHERE user_id = ?2 AND blocked_id = ?1),"
            " (SELECT status FROM friend WHERE user_id = ?1 AND friend_id = ?2)"
            " FROM user WHERE id = ?2",
            user, other);
  const bool exists = row.next();
  if (row.failed()) return row.error();
  if (!exists) return Error(ErrCode::kUserNotExist);
  if (row.small(0) != 0) return Friendship::kBlocked;
  const auto status = row.small(1);
  if (status == kAgreed) return Friendship::kFriends;
  return status == kAsked ? Friendship::kRequested : Friendship::kNone;
}

Result<std::vector<Friend>> friends(Connection& db, UserId user, UserId after, std::size_t limit) {
  std::vector<Friend> all;
  Query row(db,
            "SELECT u.id, u.phone_number, u.nickname, u.sex, u.avatar_url, u.extra, u.created,"
            " u.updated, f.remarks, f.extra,"
            " (SELECT max(d.seen) FROM device d WHERE d.user_id = u.id AND d.user_id != 0)"
            " FROM friend f JOIN user u ON u.id = f.friend_id"
            " WHERE f.user_id = ?1 AND f.status = ?2 AND f.friend_id > ?3"
            " ORDER BY f.friend_id LIMIT ?4",
            user, kAgreed, after, static_cast<std::int64_t>(limit));
  while (row.next())
    all.push_back({user_of(row), row.text(kUserColumns), row.text(kUserColumns + 1),
                   row.id<Millis>(kUserColumns + 2)});
  if (row.failed()) return row.error();
  return all;
}

Status delete_friend(Connection& db, UserId user, UserId other) {
  auto ended = Query(db,
                     "DELETE FROM friend WHERE status = ?3 AND ((user_id = ?1 AND friend_id = ?2)"
                     " OR (user_id = ?2 AND friend_id = ?1))",
                     user, other, kAgreed)
                   .run();
  if (!ended) return ended;
  return Query(
             db,
             "UPDATE friend SET status = ?3 WHERE user_id = ?1 AND friend_id = ?2 AND status = ?4",
             user, other, kWithdrawn, kAsked)
      .run();
}

Status set_friend(Connection& db, UserId user, const Friend& entry, Millis now) {
  auto set = Query(db,
                   "UPDATE friend SET remarks = ?3, extra = ?4, updated = ?5"
                   " WHERE user_id = ?1 AND friend_id = ?2 AND status = ?6",
                   user, entry.user.id, entry.remarks, entry.extra, now, kAgreed)
                 .run();
  if (!set) return set;
  return db.changes() > 0 ? success() : Error(ErrCode::kIsNotFriend);
}

Status set_blocked(Connection& db, UserId user, UserId other, bool blocked, Millis now) {
  auto exists = check_exists(db, other);
  if (!exists) return exists;
  auto self = check_not_erased(db, user);
  if (!self) return self;
  if (!blocked)
    return Query(db, "DELETE FROM user_block WHERE user_id = ?1 AND blocked_id = ?2", user, other)
        .run();
  return Query(db,
               "INSERT OR IGNORE INTO user_block (user_id, blocked_id, created)"
               " VALUES (?1, ?2, ?3)",
               user, other, now)
      .run();
}

Result<std::vector<UserId>> blocked(Connection& db, UserId user, UserId after, std::size_t limit) {
  std::vector<UserId> all;
  Query row(db,
            "SELECT blocked_id FROM user_block WHERE user_id = ?1 AND blocked_id > ?2"
            " ORDER BY blocked_id LIMIT ?3",
            user, after, static_cast<std::int64_t>(limit));
  while (row.next())
    all.push_back(row.id<UserId>(0));
  if (row.failed()) return row.error();
  return all;
}

}  // namespace linnet::store
