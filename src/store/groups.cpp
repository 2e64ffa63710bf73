#include "groups.hpp"

#include "erasure.hpp"
#include "friends.hpp"
#include "inbox.hpp"

#include <algorithm>

namespace linnet::store {
namespace {

// Of a row that begins with a group's columns.
constexpr int kGroupColumns = 13;

Group group_of(const Query& row) {
  Group group;
  group.id = row.id<GroupId>(0);
  group.type = row.small(1);
  group.name = row.text(2);
  group.avatar_url = row.text(3);
  group.introduction = row.text(4);
  group.extra = row.text(5);
  group.join_mode = row.small(6);
  group.member_invite = row.number(7) != 0;
  group.open_history = row.number(8) != 0;
  group.muted_until = row.id<Millis>(9);
  group.members = row.number(10);
  group.created = row.id<Millis>(11);
  group.updated = row.id<Millis>(12);
  return group;
}

// From column `first` on.
Member member_of(const Query& row, int first) {
  Member member;
  member.user = row.id<UserId>(first);
  member.role = row.small(first + 1);
  member.remarks = row.text(first + 2);
  member.extra = row.text(first + 3);
  member.muted_until = row.id<Millis>(first + 4);
  member.joined = row.id<Millis>(first + 5);
  member.visible_after = row.id<Seq>(first + 6);
  member.read = row.id<Seq>(first + 7);
  return member;
}

std::int64_t rows(std::size_t limit) {
  return static_cast<std::int64_t>(std::min<std::size_t>(limit, INT32_MAX));
}

}  // namespace

Result<Group> get_group(Connection& db, GroupId group) {
  Query row(db,
            "SELECT id, type, name, avatar_url, introduction, extra, join_mode, member_invite,"
            " open_history, muted_until, members, created, updated FROM chat_group WHERE id = ?1",
            group);
  std::optional<Group> found;
  if (row.next()) found = group_of(row);
  if (row.failed()) return row.error();
  if (!found) return Error(ErrCode::kGroupNotExist);
  return std::move(*found);
}

Result<std::optional<Member>> get_member(Connection& db, GroupId group, UserId user) {
  Query row(db,
            "SELECT user_id, role, remarks, extra, muted_until, joined, visible_after, read_seq"
            " FROM group_member WHERE group_id = ?1 AND user_id = ?2",
            group, user);
  std::optional<Member> found;
  if (row.next()) found = member_of(row, 0);
  if (row.failed()) return row.error();
  return found;
}

Result<std::vector<UserId>> member_ids(Connection& db, GroupId group) {
  std::vector<UserId> ids;
  Query row(db, "SELECT user_id FROM group_member WHERE group_id = ?1 ORDER BY user_id", group);
  while (row.next())
    ids.push_back(row.id<UserId>(0));
  if (row.failed()) return row.error();
  return ids;
}

namespace {

Result<bool> has_asked(Connection& db, GroupId group, UserId user) {
  Query row(db, "SELECT 1 FROM join_request WHERE group_id = ?1 AND user_id = ?2", group, user);
  const bool found = row.next();
  if (row.failed()) return row.error();
  return found;
}

}  // namespace

Result<GroupView> view_group(Connection& db, GroupId group, const std::vector<UserId>& persons) {
  auto found = get_group(db, group);
  if (!found) return found.take_error();
  GroupView view;
  view.group = std::move(*found);
  for (auto user : persons) {
    auto member = get_member(db, group, user);
    if (!member) return member.take_error();
    auto asked = has_asked(db, group, user);
    if (!asked) return asked.take_error();
    GroupView::Person person;
    person.user = user;
    person.member = std::move(*member);
    person.asked_to_join = *asked;
    view.persons.push_back(std::move(person));
  }
  return view;
}

Result<std::vector<Member>> group_members(Connection& db, GroupId group, UserId after,
                                          std::size_t limit) {
  std::vector<Member> members;
  Query row(db,
            "SELECT user_id, role, remarks, extra, muted_until, joined, visible_after, read_seq"
            " FROM group_member WHERE group_id = ?1 AND user_id > ?2 ORDER BY user_id LIMIT ?3",
            group, after, rows(limit));
  while (row.next())
    members.push_back(member_of(row, 0));
  if (row.failed()) return row.error();
  return members;
}

Result<std::vector<JoinRequest>> join_requests(Connection& db, GroupId group, UserId after,
                                               std::size_t limit) {
  std::vector<JoinRequest> requests;
  Query row(db,
            "SELECT user_id, text, created FROM join_request"
            " WHERE group_id = ?1 AND user_id > ?2 ORDER BY user_id LIMIT ?3",
            group, after, rows(limit));
  while (row.next())
    requests.push_back({row.id<UserId>(0), row.text(1), row.id<Millis>(2)});
  if (row.failed()) return row.error();
  return requests;
}

Result<std::vector<Membership>> user_groups(Connection& db, const Tail& tail, UserId user,
                                            GroupId after, std::size_t limit) {
  std::vector<Membership> groups;
  {
    Query row(db,
              "SELECT g.id, g.type, g.name, g.avatar_url, g.introduction, g.extra, g.join_mode,"
              " g.member_invite, g.open_history, g.muted_until, g.members, g.created, g.updated,"
              " m.user_id, m.role, m.remarks, m.extra, m.muted_until, m.joined, m.visible_after,"
              " m.read_seq FROM group_member m JOIN chat_group g ON g.id = m.group_id"
              " WHERE m.user_id = ?1 AND m.group_id > ?2 ORDER BY m.group_id LIMIT ?3",
              user, after, rows(limit));
    while (row.next())
      groups.push_back({group_of(row), member_of(row, kGroupColumns), Seq()});
    if (row.failed()) return row.error();
  }
  for (auto& one : groups) {
    auto newest = head(db, tail, inbox_of(one.group.id));
    if (!newest) return newest.take_error();
    one.head = *newest;
  }
  return groups;
}

Result<bool> in_most_groups(Connection& db, UserId user, std::size_t most) {
  if (most == 0) return false;
  Query row(db,
            "SELECT count(*) FROM (SELECT 1 FROM group_member WHERE user_id = ?1"
            " UNION ALL SELECT 1 FROM join_request WHERE user_id = ?1 LIMIT ?2)",
            user, rows(most));
  const bool full = row.next() && row.number(0) >= rows(most);
  if (row.failed()) return row.error();
  return full;
}

Status look_closer(Connection& db, GroupView& view, std::size_t groups_per_user) {
  for (auto& person : view.persons) {
    auto erased = was_erased(db, person.user);
    if (!erased) return erased.take_error();
    person.erased = *erased;
    auto blocks = store::blocks(db, person.user, view.persons.front().user);
    if (!blocks) return blocks.take_error();
    person.blocks_first = *blocks;
    if (person.member) continue;
    // Who has asked counts this group already. Others do not use up a user's last places.
    auto most = groups_per_user;
    if (most > 0 && person.asked_to_join) ++most;
    if (&person != &view.persons.front() && !person.asked_to_join) most -= most / 10;
    auto full = in_most_groups(db, person.user, most);
    if (!full) return full.take_error();
    person.in_most_groups = *full;
  }
  return success();
}

Result<std::vector<GroupId>> large_groups(Connection& db, UserId user) {
  std::vector<GroupId> groups;
  Query row(db,
            "SELECT m.group_id FROM group_member m JOIN chat_group g ON g.id = m.group_id"
            " WHERE m.user_id = ?1 AND g.type = ?2",
            user, kLargeGroup);
  while (row.next())
    groups.push_back(row.id<GroupId>(0));
  if (row.failed()) return row.error();
  return groups;
}

Result<InboxPage> read_group(Connection& db, const Tail& tail, GroupId group, UserId reader,
                             Seq after, PageLimit limit) {
  auto view = view_group(db, group, {reader});
  if (!view) return view.take_error();
  const auto& member = view->persons.front().member;
  if (!member) return Error(ErrCode::kIsNotInGroup);
  auto page = read_inbox(db, tail, inbox_of(group), std::max(after, member->visible_after), limit);
  if (!page) return page;
  if (after > page->head) {
    page =
        read_inbox(db, tail, inbox_of(group), std::max(member->read, member->visible_after), limit);
    if (!page) return page;
  }
  // Whoever was removed meanwhile must not see what was said afterwards, also when it has come back
  // since.
  auto still = get_member(db, group, reader);
  if (!still) return still.take_error();
  if (!*still) return Error(ErrCode::kIsNotInGroup);
  if ((*still)->visible_after > member->visible_after)
    return Error(ErrCode::kServerBusy, "you came into the group at this moment; try again");
  return page;
}

Status check_may_write(std::int32_t role, Millis muted_until, Millis group_muted_until,
                       Millis now) {
  if (muted_until > now) return Error(ErrCode::kMuted, "you are muted in this group for now");
  if (role == kRoleMember && group_muted_until > now)
    return Error(ErrCode::kMuted, "only the owner and administrators may write in this group now");
  return success();
}

Result<Audience> audience(Connection& db, GroupId group, UserId sender, Millis now) {
  Transaction transaction(db, Transaction::Kind::kRead);
  if (!transaction.begun()) return Error(transaction.begun().error());
  auto view = view_group(db, group, {sender});
  if (!view) return view.take_error();
  if (sender) {
    const auto& member = view->persons.front().member;
    if (!member) return Error(ErrCode::kIsNotInGroup);
    auto may = check_may_write(member->role, member->muted_until, view->group.muted_until, now);
    if (!may) return may.take_error();
  }
  Audience found;
  found.type = view->group.type;
  if (found.type == kLargeGroup) return found;
  auto members = member_ids(db, group);
  if (!members) return members.take_error();
  found.members = std::move(*members);
  return found;
}

}  // namespace linnet::store
