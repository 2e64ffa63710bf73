// The seam's calls about groups as plain functions, on top of store_kit.hpp.
#pragma once

#include "store_kit.hpp"

namespace linnet::test {

inline store::Member person(std::int64_t user, std::int32_t role = store::kRoleMember) {
  store::Member member;
  member.user = UserId(user);
  member.role = role;
  member.joined = Millis(5);
  return member;
}

// What a user sends to a group; who it is sent to is the store's to fill in.
inline store::Message said(std::int64_t sender, std::string content, std::int64_t device = 0,
                           std::int64_t request = 0) {
  return text(sender, {sender}, std::move(content), device, request).message;
}

class GroupCalls : public Calls {
 public:
  explicit GroupCalls(store::Store& store) : Calls(store), store_(store) {}

  // A group owned by the first of `users`.
  GroupId group(std::int32_t type, const std::vector<std::int64_t>& users) {
    store::Group group;
    group.type = type;
    group.name = "name";
    group.created = Millis(5);
    std::vector<store::Member> members;
    for (auto user : users)
      members.push_back(person(user, members.empty() ? store::kRoleOwner : store::kRoleMember));
    return get(await<GroupId>(
        [&](Done<GroupId> done) { store_.create_group(group, members, std::move(done)); }));
  }
  Result<store::GroupAppended> try_say(GroupId group, store::Message message) {
    return await<store::GroupAppended>([&](Done<store::GroupAppended> done) {
      store_.append_to_group(group, std::move(message), std::move(done));
    });
  }
  store::GroupAppended say(GroupId group, std::int64_t sender, std::string content) {
    return get(try_say(group, said(sender, std::move(content))));
  }
  Result<store::GroupEdited> try_edit(GroupId group, const std::vector<std::int64_t>& users,
                                      store::GroupDecision decide) {
    std::vector<UserId> persons;
    for (auto user : users)
      persons.emplace_back(user);
    return await<store::GroupEdited>([&](Done<store::GroupEdited> done) {
      store_.edit_group(group, persons, std::move(decide), std::move(done));
    });
  }
  store::GroupEdited edit(GroupId group, store::GroupEdit edit) {
    return get(try_edit(
        group, {}, [edit](const store::GroupView&) { return Result<store::GroupEdit>(edit); }));
  }
  Result<store::GroupView> try_view(GroupId group, const std::vector<std::int64_t>& users = {}) {
    std::vector<UserId> persons;
    for (auto user : users)
      persons.emplace_back(user);
    return await<store::GroupView>(
        [&](Done<store::GroupView> done) { store_.view_group(group, persons, std::move(done)); });
  }
  store::GroupView view(GroupId group, const std::vector<std::int64_t>& users = {}) {
    return get(try_view(group, users));
  }
  Result<store::InboxPage> try_read_group(GroupId group, std::int64_t reader, std::int64_t after) {
    return await<store::InboxPage>([&](Done<store::InboxPage> done) {
      store_.read_group(group, UserId(reader), Seq(after), store::PageLimit(), std::move(done));
    });
  }
  std::vector<std::string> history(GroupId group, std::int64_t reader, std::int64_t after = 0) {
    std::vector<std::string> contents;
    for (auto& entry : get(try_read_group(group, reader, after)).entries)
      contents.push_back(std::move(entry.message.content));
    return contents;
  }
  std::vector<store::Membership> groups_of(std::int64_t user, std::int64_t after = 0,
                                           std::size_t limit = 100) {
    return get(await<std::vector<store::Membership>>([&](auto done) {
      store_.user_groups(UserId(user), GroupId(after), limit, std::move(done));
    }));
  }
  std::vector<std::int64_t> members_of(GroupId group, std::int64_t after = 0,
                                       std::size_t limit = 1000) {
    std::vector<std::int64_t> users;
    for (const auto& member : get(await<std::vector<store::Member>>([&](auto done) {
           store_.group_members(group, UserId(after), limit, std::move(done));
         })))
      users.push_back(member.user.value());
    return users;
  }
  Status mark_read(GroupId group, std::int64_t user, std::int64_t seq) {
    return await<Unit>(
        [&](Done<Unit> done) { store_.mark_read(group, UserId(user), Seq(seq), std::move(done)); });
  }
  Result<store::Audience> audience(GroupId group, std::int64_t sender) {
    return await<store::Audience>([&](Done<store::Audience> done) {
      store_.audience(group, UserId(sender), std::move(done));
    });
  }
  std::vector<GroupId> large_groups(std::int64_t user) {
    return get(await<std::vector<GroupId>>(
        [&](auto done) { store_.large_groups_in_order(UserId(user), std::move(done)); }));
  }

 private:
  store::Store& store_;
};

}  // namespace linnet::test
