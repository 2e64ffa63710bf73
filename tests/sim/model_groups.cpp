// The model's groups.
#include "model.hpp"

#include <algorithm>

namespace linnet::sim {

namespace {

constexpr int kOk = 0;
constexpr int kIsNotInGroup = 1005;
constexpr int kBadRequest = 1007;
constexpr int kGroupNotExist = 1010;
constexpr int kUserNotExist = 1011;
constexpr int kForbidden = 2012;
constexpr int kGroupFull = 2013;
constexpr int kBlocked = 2014;
constexpr int kJoinClosed = 2015;
constexpr int kMember = 0;
constexpr int kAdmin = 1;
constexpr int kOwner = 2;

bool exists(std::int64_t user) {
  return user >= 1 && user <= kUsers;
}

Answer refused(int code) {
  return {code, {}};
}

std::int64_t mute_end(std::int64_t seconds, std::int64_t now) {
  return seconds == 0 ? 0 : now + seconds * 1000;
}

}  // namespace

std::vector<std::int64_t> Model::groups() const {
  std::vector<std::int64_t> ids;
  for (const auto& [id, group] : groups_)
    ids.push_back(id);
  return ids;
}

std::set<Pair> Model::followers() const {
  std::set<Pair> all;
  for (const auto& [id, group] : groups_)
    for (const auto& [user, member] : group.members)
      if (group.large) all.emplace(user, id);
  return all;
}

void Model::tell(std::int64_t id, const std::string& line, std::set<std::int64_t> persons,
                 bool grown) {
  auto& group = groups_.at(id);
  const auto to = std::to_string(id);
  if (!group.large || grown)
    for (const auto& [user, member] : group.members)
      persons.insert(user);
  group.log.push_back("notice to " + std::string(group.large ? "3/" : "2/") + to + ": " + line);
  if (group.large && !grown) handed_.groups.emplace_back(id, group.head());
  for (auto user : persons)
    put(user, "notice to 2/" + to + ": " + line);
}

Answer Model::look_at_group(const Call& call) {
  if (call.op == Op::kCreateGroup) {
    Group group;
    group.large = call.yes;
    group.name = call.text;
    group.members[self()].role = kOwner;
    groups_[++last_group_] = std::move(group);
    return {kOk, {std::to_string(last_group_)}};
  }
  Answer answer;
  if (call.op == Op::kListGroups) {
    for (const auto& [id, group] : groups_)
      if (group.members.contains(self())) answer.lines.push_back(std::to_string(id));
    return answer;
  }
  if ((call.op == Op::kSyncGroup || call.op == Op::kAckGroup) && call.number < 0)
    return refused(kBadRequest);
  const auto found = groups_.find(call.group);
  if (found == groups_.end())
    return refused(call.op == Op::kAckGroup ? kIsNotInGroup : kGroupNotExist);
  auto& group = found->second;
  const auto me = group.members.find(self());
  if (me == group.members.end()) return refused(kIsNotInGroup);
  auto& mine = me->second;
  switch (call.op) {
    case Op::kGetGroup: {
      const auto read = std::max(mine.read, mine.sees_after);
      answer.lines.push_back(
          group.name + " role " + std::to_string(mine.role) + " muted " +
          std::to_string(group.muted_until) + " " + std::to_string(mine.muted_until) + " mode " +
          std::to_string(group.join_mode) + " " + std::to_string(group.members.size()) +
          " members, head " + std::to_string(group.head()));
      if (group.large)
        answer.lines.push_back("read " + std::to_string(read) + " unread " +
                               std::to_string(group.head() - read));
      break;
    }
    case Op::kMembers:
      for (const auto& [user, member] : group.members)
        answer.lines.push_back(std::to_string(user) + " role " + std::to_string(member.role) + " " +
                               member.note);
      break;
    case Op::kJoinRequests:
      if (mine.role < kAdmin) return refused(kForbidden);
      for (auto user : group.asked)
        answer.lines.push_back(std::to_string(user));
      break;
    case Op::kSyncGroup: {
      const auto after = call.number > group.head() ? mine.read : call.number;
      for (auto seq = std::max(after, mine.sees_after) + 1; seq <= group.head(); ++seq)
        answer.lines.push_back(std::to_string(seq) + " " +
                               group.log[static_cast<std::size_t>(seq - 1)]);
      break;
    }
    default:  // kAckGroup
      mine.read = std::max(mine.read, std::min(call.number, group.head()));
      break;
  }
  return answer;
}

// The code with which somebody is refused who may not change this of the group.
int Model::may_change(const Call& call, const Group& group) const {
  const auto me = group.members.find(self());
  if (me == group.members.end()) return kIsNotInGroup;
  const bool owners = call.op == Op::kGrow || call.op == Op::kDissolve || call.op == Op::kSetRole ||
                      call.op == Op::kTransfer;
  return me->second.role >= (owners ? kOwner : kAdmin) ? kOk : kForbidden;
}

// Likewise, of a member who is not below.
int Model::above(const Group& group, std::int64_t other) const {
  const auto me = group.members.find(self());
  if (me == group.members.end()) return kIsNotInGroup;
  if (me->second.role < kAdmin) return kForbidden;
  const auto them = group.members.find(other);
  if (them == group.members.end()) return kIsNotInGroup;
  return them->second.role < me->second.role ? kOk : kForbidden;
}

Answer Model::change_group(const Call& call) {
  if (call.op == Op::kMuteGroup && call.number < 0) return refused(kBadRequest);
  if (call.op == Op::kSettings && (call.number < 0 || call.number > 2)) return refused(kBadRequest);
  const auto found = groups_.find(call.group);
  if (found == groups_.end()) return refused(kGroupNotExist);
  auto& group = found->second;
  if (const int code = may_change(call, group)) return refused(code);
  const auto changed = "changed by " + std::to_string(self());
  switch (call.op) {
    case Op::kUpdateGroup: group.name = call.text; break;
    case Op::kSettings:
      group.join_mode = static_cast<int>(call.number);
      group.invite = call.yes;
      group.open_history = call.request % 2 == 1;
      break;
    case Op::kMuteGroup: group.muted_until = mute_end(call.number, now_); break;
    case Op::kGrow:
      if (group.large) return {};
      group.large = true;
      for (auto& [user, member] : group.members)
        member.read = group.head();
      tell(call.group, changed, {}, true);
      return {};
    default:
      tell(call.group, "dissolved by " + std::to_string(self()), {});
      groups_.erase(call.group);
      return {};
  }
  tell(call.group, changed, {});
  return {};
}

Answer Model::bring_in(std::int64_t id, const std::vector<std::int64_t>& users) {
  auto& group = groups_.at(id);
  if (!group.large &&
      static_cast<std::int64_t>(group.members.size() + users.size()) > kSmallMembers)
    return refused(kGroupFull);
  std::string line = "added by " + std::to_string(self()) + ":";
  std::set<std::int64_t> persons;
  const auto head = group.head();
  for (auto user : users) {
    Member member;
    member.sees_after = group.open_history ? 0 : head;
    member.read = head;
    group.members[user] = member;
    group.asked.erase(user);
    line += " " + std::to_string(user);
    persons.insert(user);
  }
  tell(id, line, persons);
  return {};
}

Answer Model::add_members(const Call& call) {
  std::set<std::int64_t> asked{call.user};
  if (call.other != 0) asked.insert(call.other);
  for (auto user : asked)
    if (!exists(user)) return refused(kUserNotExist);
  const auto found = groups_.find(call.group);
  if (found == groups_.end()) return refused(kGroupNotExist);
  auto& group = found->second;
  const auto me = group.members.find(self());
  if (me == group.members.end()) return refused(kIsNotInGroup);
  if (!group.invite && me->second.role < kAdmin) return refused(kForbidden);
  Answer answer;  // who was in it before
  std::vector<std::int64_t> added;
  for (auto user : asked) {
    if (group.members.contains(user) || blocks_.contains({user, self()}))
      answer.lines.push_back(std::to_string(user));
    else
      added.push_back(user);
  }
  if (added.empty()) return answer;
  auto brought = bring_in(call.group, added);
  return brought.code == kOk ? answer : brought;
}

Answer Model::membership(const Call& call) {
  if (call.op == Op::kAddMembers) return add_members(call);
  const auto other = call.op == Op::kLeave || call.op == Op::kJoin ? self() : call.user;
  const bool alone = other == self();
  if (call.op == Op::kSetRole && (call.number < kMember || call.number > kAdmin))
    return refused(kBadRequest);
  if (call.op == Op::kMuteMember && call.number < 0) return refused(kBadRequest);
  if (alone && (call.op == Op::kSetRole || call.op == Op::kTransfer || call.op == Op::kMuteMember ||
                call.op == Op::kAnswerRequest))
    return refused(kBadRequest);
  // Who has gone meanwhile can be turned away all the same.
  if (call.op == Op::kAnswerRequest && call.yes && !exists(other)) return refused(kUserNotExist);
  const auto found = groups_.find(call.group);
  if (found == groups_.end()) return refused(kGroupNotExist);
  auto& group = found->second;

  switch (call.op) {
    case Op::kJoin:
      if (group.members.contains(self())) return {kOk, {"joined"}};
      if (group.join_mode == 2) {
        auto brought = bring_in(call.group, {self()});
        if (brought.code == kOk) brought.lines.emplace_back("joined");
        return brought;
      }
      if (group.join_mode == 0) return refused(kJoinClosed);
      group.asked.insert(self());
      return {kOk, {"asked"}};
    case Op::kAnswerRequest:
      if (const int code = may_change(call, group)) return refused(code);
      if (!group.asked.contains(other)) return refused(kBadRequest);
      if (call.yes && blocks_.contains({other, self()})) return refused(kBlocked);
      if (call.yes) return bring_in(call.group, {other});
      group.asked.erase(other);
      return {};
    case Op::kSetRole:
    case Op::kTransfer:
      if (const int code = may_change(call, group)) return refused(code);
      if (const int code = above(group, other)) return refused(code);
      if (call.op == Op::kTransfer) {
        group.members[self()].role = kAdmin;
        group.members[other].muted_until = 0;
      }
      group.members[other].role = call.op == Op::kTransfer ? kOwner : static_cast<int>(call.number);
      tell(call.group, "changed by " + std::to_string(self()), {});
      return {};
    case Op::kNoteMember:
      if (alone && !group.members.contains(self())) return refused(kIsNotInGroup);
      if (!alone)
        if (const int code = above(group, other)) return refused(code);
      group.members[other].note = call.text;
      return {};
    case Op::kMuteMember:
      if (const int code = above(group, other)) return refused(code);
      group.members[other].muted_until = mute_end(call.number, now_);
      return {};
    default: break;
  }
  // kRemoveMember, kLeave
  if (alone) {
    if (!group.members.contains(self())) return refused(kIsNotInGroup);
    if (group.members[self()].role == kOwner) return refused(kForbidden);
  } else if (const int code = above(group, other)) {
    return refused(code);
  }
  group.members.erase(other);
  tell(call.group, "removed by " + std::to_string(self()) + ": " + std::to_string(other), {other});
  return {};
}

}  // namespace linnet::sim
