#include "support/memory_store.hpp"

#include <algorithm>

namespace linnet::test {

using namespace store;

namespace {

// The entries of a map with keys after `after`, at most `limit`.
template <class Key, class Value>
std::vector<Value> slice(const std::map<Key, Value>& all, Key after, std::size_t limit) {
  std::vector<Value> found;
  for (auto it = all.upper_bound(after); it != all.end() && found.size() < limit; ++it)
    found.push_back(it->second);
  return found;
}

std::int32_t receiver_type(const Group& group) {
  return group.type == kLargeGroup ? 3 : 2;
}

// Where the clock stands, a mute lies in the past or in the future.
constexpr Millis kNow{1'700'000'000'000};

}  // namespace

void MemoryStore::create_group(Group group, std::vector<Member> members, Done<GroupId> done) {
  call<GroupId>(
      [&]() -> Result<GroupId> {
        for (const auto& member : members)
          if (erased_.contains(member.user)) return Error(ErrCode::kUserNotExist);
        GroupRecord record;
        record.group = group;
        record.group.id = GroupId(++last_group_);
        record.group.members = static_cast<std::int64_t>(members.size());
        record.group.updated = group.created;
        for (const auto& member : members)
          record.members[member.user] = member;
        auto id = record.group.id;
        groups_[id] = std::move(record);
        return id;
      },
      std::move(done));
}

Result<GroupView> MemoryStore::view(GroupId group, const std::vector<UserId>& persons) const {
  auto it = groups_.find(group);
  if (it == groups_.end()) return Error(ErrCode::kGroupNotExist);
  GroupView result;
  result.group = it->second.group;
  result.head = head_of(inbox_of(group));
  for (auto user : persons) {
    auto member = it->second.members.find(user);
    std::optional<Member> found;
    if (member != it->second.members.end()) found = member->second;
    GroupView::Person person;
    person.user = user;
    person.member = found;
    person.asked_to_join = it->second.requests.contains(user);
    person.blocks_first = blocks_.contains({user, persons.front()});
    person.erased = erased_.contains(user);
    result.persons.push_back(person);
  }
  return result;
}

Result<GroupEdited> MemoryStore::edit(GroupId group, const GroupEdit& edit) {
  auto& record = groups_.at(group);
  GroupEdited edited;
  const auto before = record.group;
  if (edit.group) {
    record.group = *edit.group;
    record.group.id = group;
    record.group.created = before.created;
  }
  for (const auto& member : edit.put) {
    if (record.members.insert_or_assign(member.user, member).second)
      edited.added.push_back(member.user);
  }
  for (auto user : edit.removed) {
    if (record.members.erase(user) > 0) edited.removed.push_back(user);
  }
  record.group.members = static_cast<std::int64_t>(record.members.size());
  if (edit.request) record.requests[edit.request->user] = *edit.request;
  for (auto user : edit.answered)
    record.requests.erase(user);
  edited.grown = before.type != kLargeGroup && record.group.type == kLargeGroup;
  if (edited.grown) {
    for (auto& [user, member] : record.members) {
      member.read = head_of(inbox_of(group));
      edited.members.push_back(user);
    }
  }
  edited.group = record.group;
  for (const auto& notice : edit.notices) {
    auto told = tell(record, notice, edited);
    if (!told) return told.take_error();
  }
  edited.dissolved = edit.dissolved;
  if (edit.dissolved) groups_.erase(group);
  return edited;
}

Status MemoryStore::tell(GroupRecord& record, const GroupNotice& notice, GroupEdited& edited) {
  const bool large = record.group.type == kLargeGroup;
  std::set<UserId> recipients(notice.persons.begin(), notice.persons.end());
  if (!large || edited.grown) {
    for (const auto& [user, member] : record.members)
      recipients.insert(user);
  }
  NewMessage message;
  message.message = notice.message;
  message.message.receiver_id = record.group.id.value();
  auto append = [&](std::int32_t type) {
    message.message.receiver_type = type;
    auto placed = place(message);
    if (!placed) return Status(placed.take_error());
    edited.notices.push_back(message.message);
    edited.appended.push_back(std::move(*placed));
    return success();
  };
  message.group = record.group.id;
  if (large) {
    auto appended = append(3);
    if (!appended || recipients.empty()) return appended;
    message.group = GroupId();
  }
  message.recipients.assign(recipients.begin(), recipients.end());
  return append(2);
}

void MemoryStore::edit_group(GroupId group, std::vector<UserId> persons, GroupDecision decide,
                             Done<GroupEdited> done) {
  call<GroupEdited>(
      [&]() -> Result<GroupEdited> {
        auto seen = view(group, persons);
        if (!seen) return seen.take_error();
        auto decided = decide(*seen);
        if (!decided) return decided.take_error();
        return edit(group, *decided);
      },
      std::move(done));
}

Status MemoryStore::may_write(const GroupRecord& record, UserId sender) const {
  auto it = record.members.find(sender);
  if (it == record.members.end()) return Error(ErrCode::kIsNotInGroup);
  const auto& member = it->second;
  const auto now = clock_ != nullptr ? clock_->wall() : kNow;
  if (member.muted_until > now) return Error(ErrCode::kMuted);
  if (member.role == kRoleMember && record.group.muted_until > now) return Error(ErrCode::kMuted);
  return success();
}

Result<GroupAppended> MemoryStore::append_now(GroupId group, Message message) {
  if (auto before = answered(message)) return GroupAppended{std::move(*before), 0};
  auto it = groups_.find(group);
  if (it == groups_.end()) return Error(ErrCode::kGroupNotExist);
  const auto& record = it->second;
  if (message.sender_type == 2) {
    auto may = may_write(record, UserId(message.sender_id));
    if (!may) return may.take_error();
  }
  NewMessage next;
  next.message = std::move(message);
  next.message.receiver_type = receiver_type(record.group);
  next.message.receiver_id = group.value();
  next.group = group;
  if (record.group.type != kLargeGroup) {
    for (const auto& [user, member] : record.members)
      next.recipients.push_back(user);
  }
  auto placed = place(next);
  if (!placed) return placed.take_error();
  return GroupAppended{std::move(*placed), record.group.type};
}

void MemoryStore::append_to_group(GroupId group, Message message, Done<GroupAppended> done) {
  call<GroupAppended>([&] { return append_now(group, std::move(message)); }, std::move(done));
}

void MemoryStore::audience(GroupId group, UserId sender, Done<Audience> done) {
  call<Audience>(
      [&]() -> Result<Audience> {
        auto it = groups_.find(group);
        if (it == groups_.end()) return Error(ErrCode::kGroupNotExist);
        if (sender) {
          auto may = may_write(it->second, sender);
          if (!may) return may.take_error();
        }
        Audience found;
        found.type = it->second.group.type;
        if (found.type == kLargeGroup) return found;
        for (const auto& [user, member] : it->second.members)
          found.members.push_back(user);
        return found;
      },
      std::move(done));
}

void MemoryStore::view_group(GroupId group, std::vector<UserId> persons, Done<GroupView> done) {
  call<GroupView>([&] { return view(group, persons); }, std::move(done));
}

void MemoryStore::group_members(GroupId group, UserId after, std::size_t limit,
                                Done<std::vector<Member>> done) {
  call<std::vector<Member>>(
      [&] {
        const auto it = groups_.find(group);
        return it == groups_.end() ? std::vector<Member>()
                                   : slice(it->second.members, after, limit);
      },
      std::move(done));
}

void MemoryStore::join_requests(GroupId group, UserId after, std::size_t limit,
                                Done<std::vector<JoinRequest>> done) {
  call<std::vector<JoinRequest>>(
      [&] {
        const auto it = groups_.find(group);
        return it == groups_.end() ? std::vector<JoinRequest>()
                                   : slice(it->second.requests, after, limit);
      },
      std::move(done));
}

void MemoryStore::user_groups(UserId user, GroupId after, std::size_t limit,
                              Done<std::vector<Membership>> done) {
  call<std::vector<Membership>>(
      [&] {
        std::vector<Membership> found;
        for (auto it = groups_.upper_bound(after); it != groups_.end() && found.size() < limit;
             ++it) {
          auto member = it->second.members.find(user);
          if (member == it->second.members.end()) continue;
          found.push_back({it->second.group, member->second, head_of(inbox_of(it->first))});
        }
        return found;
      },
      std::move(done));
}

void MemoryStore::read_group(GroupId group, UserId reader, Seq after, PageLimit limit,
                             Done<InboxPage> done) {
  call<InboxPage>(
      [&]() -> Result<InboxPage> {
        auto seen = view(group, {reader});
        if (!seen) return seen.take_error();
        const auto& member = seen->persons.front().member;
        if (!member) return Error(ErrCode::kIsNotInGroup);
        if (after > head_of(inbox_of(group))) after = member->read;
        return page(inbox_of(group), std::max(after, member->visible_after), limit);
      },
      std::move(done));
}

void MemoryStore::mark_read(GroupId group, UserId user, Seq seq, Done<Unit> done) {
  call<Unit>(
      [&]() -> Status {
        auto it = groups_.find(group);
        if (it == groups_.end()) return Error(ErrCode::kIsNotInGroup);
        auto member = it->second.members.find(user);
        if (member == it->second.members.end()) return Error(ErrCode::kIsNotInGroup);
        auto& read = member->second.read;
        read = std::max(read, std::min(seq, head_of(inbox_of(group))));
        return success();
      },
      std::move(done));
}

void MemoryStore::large_groups(UserId user, Done<std::vector<GroupId>> done) {
  call<std::vector<GroupId>>(
      [&] {
        std::vector<GroupId> found;
        for (const auto& [id, record] : groups_) {
          if (record.group.type == kLargeGroup && record.members.contains(user))
            found.push_back(id);
        }
        return found;
      },
      std::move(done));
}

void MemoryStore::large_groups_in_order(UserId user, Done<std::vector<GroupId>> done) {
  large_groups(user, std::move(done));
}

}  // namespace linnet::test
