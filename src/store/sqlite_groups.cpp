// SqliteStore's part of the seam that keeps groups.
#include "groups.hpp"
#include "inbox.hpp"
#include "sqlite_store.hpp"

#include <utility>

namespace linnet::store {

void SqliteStore::create_group(Group group, std::vector<Member> members, Done<GroupId> done) {
  write<GroupId>(
      Job::Writes::kSeveral,
      [this, g = std::move(group), m = std::move(members)] { return groups_.create(g, m); },
      std::move(done));
}

void SqliteStore::edit_group(GroupId group, std::vector<UserId> persons, GroupDecision decide,
                             Done<GroupEdited> done) {
  const auto bytes = persons.size() * sizeof(Member);
  write<GroupEdited>(
      Job::Writes::kSeveral,
      [this, group, p = std::move(persons), d = std::move(decide)] {
        return groups_.edit(group, p, d);
      },
      std::move(done), bytes);
}

void SqliteStore::append_to_group(GroupId group, Message message, Done<GroupAppended> done) {
  const auto bytes = message.content.size() + message.mentions.size() * sizeof(UserId);
  write<GroupAppended>(
      Job::Writes::kOne,
      [this, group, m = std::move(message)]() mutable {
        return groups_.append(group, std::move(m));
      },
      std::move(done), bytes);
}

void SqliteStore::mark_read(GroupId group, UserId user, Seq seq, Done<Unit> done) {
  write<Unit>(
      Job::Writes::kOne, [this, group, user, seq] { return groups_.mark_read(group, user, seq); },
      std::move(done));
}

void SqliteStore::audience(GroupId group, UserId sender, Done<Audience> done) {
  readers_.read<Audience>(
      [this, group, sender](Connection& db) {
        return store::audience(db, group, sender, clock_.wall());
      },
      std::move(done));
}

void SqliteStore::view_group(GroupId group, std::vector<UserId> persons, Done<GroupView> done) {
  readers_.read<GroupView>(
      [this, group, p = std::move(persons)](Connection& db) {
        auto view = store::view_group(db, group, p);
        if (!view) return view;
        auto newest = store::head(db, tail_, inbox_of(group));
        if (!newest) return Result<GroupView>(newest.take_error());
        view->head = *newest;
        return view;
      },
      std::move(done));
}

void SqliteStore::group_members(GroupId group, UserId after, std::size_t limit,
                                Done<std::vector<Member>> done) {
  readers_.read<std::vector<Member>>(
      [group, after, limit](Connection& db) {
        return store::group_members(db, group, after, limit);
      },
      std::move(done));
}

void SqliteStore::join_requests(GroupId group, UserId after, std::size_t limit,
                                Done<std::vector<JoinRequest>> done) {
  readers_.read<std::vector<JoinRequest>>(
      [group, after, limit](Connection& db) {
        return store::join_requests(db, group, after, limit);
      },
      std::move(done));
}

void SqliteStore::user_groups(UserId user, GroupId after, std::size_t limit,
                              Done<std::vector<Membership>> done) {
  readers_.read<std::vector<Membership>>(
      [this, user, after, limit](Connection& db) {
        return store::user_groups(db, tail_, user, after, limit);
      },
      std::move(done));
}

void SqliteStore::read_group(GroupId group, UserId reader, Seq after, PageLimit limit,
                             Done<InboxPage> done) {
  readers_.read<InboxPage>(
      [this, group, reader, after, limit](Connection& db) {
        return store::read_group(db, tail_, group, reader, after, limit);
      },
      std::move(done));
}

void SqliteStore::large_groups(UserId user, Done<std::vector<GroupId>> done) {
  readers_.read<std::vector<GroupId>>(
      [user](Connection& db) { return store::large_groups(db, user); }, std::move(done));
}

void SqliteStore::large_groups_in_order(UserId user, Done<std::vector<GroupId>> done) {
  write<std::vector<GroupId>>(
      Job::Writes::kNothing, [this, user] { return store::large_groups(*db_, user); },
      std::move(done));
}

}  // namespace linnet::store
