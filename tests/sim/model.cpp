// The model's friends, messages and devices.
#include "model.hpp"

#include <algorithm>

namespace linnet::sim {

namespace {

// The numbers of the protocol that are needed here.
constexpr int kOk = 0;
constexpr int kBadCode = 1002;
constexpr int kUnauthorized = 1003;
constexpr int kIsNotFriend = 1004;
constexpr int kIsNotInGroup = 1005;
constexpr int kBadRequest = 1007;
constexpr int kGroupNotExist = 1010;
constexpr int kUserNotExist = 1011;
constexpr int kDeviceNotExist = 1012;
constexpr int kTooLarge = 2004;
constexpr int kMuted = 2011;
constexpr int kBlocked = 2014;

constexpr std::int64_t kDay = 24 * 3600 * 1000;

bool exists(std::int64_t user) {
  return user >= 1 && user <= kUsers;
}

Answer refused(int code) {
  return {code, {}};
}

}  // namespace

Answer Model::perform(const Call& call, std::int64_t now) {
  now_ = now;
  handed_ = {};
  if (call.op != Op::kSignIn) {
    self_ = user_of(call.device);
    if (self_ == 0 || call.proof != Proof::kOwn) return refused(kUnauthorized);
  }
  switch (call.op) {
    case Op::kSend: return send(call);
    case Op::kSendToGroup: return send_to_group(call);
    case Op::kAck:
      if (call.number < 1) return refused(kBadRequest);
      acknowledge(self(), call.number);
      return {};
    case Op::kSignIn:
    case Op::kSignOut:
    case Op::kRevoke:
    case Op::kListDevices: return devices(call);
    default: break;
  }
  if (call.op >= Op::kMakeRoom) return rooms(call);
  if (call.op <= Op::kBlocked) return friends(call);
  if (call.op >= Op::kUpdateGroup && call.op <= Op::kDissolve) return change_group(call);
  if (call.op >= Op::kRemoveMember) return membership(call);
  return look_at_group(call);
}

void Model::acknowledge(std::int64_t user, std::int64_t seq) {
  const auto head = static_cast<std::int64_t>(inboxes_[user].size());
  acknowledged_[user] = std::max(acknowledged_[user], std::min(seq, head));
}

std::int64_t Model::put(std::int64_t user, const std::string& line) {
  inboxes_[user].push_back(line);
  const auto seq = static_cast<std::int64_t>(inboxes_[user].size());
  handed_.users.emplace_back(user, seq);
  return seq;
}

Answer Model::friends(const Call& call) {
  const auto other = call.user;
  const Pair there(self(), other);
  const Pair back(other, self());
  switch (call.op) {
    case Op::kAddFriend:
      if (other == self()) return refused(kBadRequest);
      if (!exists(other)) return refused(kUserNotExist);
      if (blocks_.contains(back)) return refused(kBlocked);
      if (friends_.contains(there) || asked_.contains(there)) return {};
      asked_.insert(there);
      remarks_[there] = call.text;
      if (noticed_.contains(there) && now_ - noticed_[there] < kDay) return {};
      noticed_[there] = now_;
      put(other, "asked by " + std::to_string(self()));
      return {};
    case Op::kAgree:
      if (friends_.contains(back)) return {};
      if (!asked_.contains(back)) return refused(kBadRequest);
      if (blocks_.contains(back)) return refused(kBlocked);
      friends_[back] = remarks_[back];
      friends_[there] = call.text;
      for (const auto& pair : {back, there}) {
        asked_.erase(pair);
        noticed_.erase(pair);
      }
      put(other, "agreed by " + std::to_string(self()));
      return {};
    case Op::kDeleteFriend:
      if (friends_.erase(there) > 0) friends_.erase(back);
      asked_.erase(there);
      return {};
    case Op::kSetFriend:
      if (!friends_.contains(there)) return refused(kIsNotFriend);
      friends_[there] = call.text;
      return {};
    case Op::kBlock:
    case Op::kUnblock:
      if (other == self()) return refused(kBadRequest);
      if (!exists(other)) return refused(kUserNotExist);
      if (call.op == Op::kBlock)
        blocks_.insert(there);
      else
        blocks_.erase(there);
      return {};
    default: break;
  }
  Answer list;
  for (std::int64_t user = 1; user <= kUsers; ++user) {
    const Pair pair(self(), user);
    if (call.op == Op::kFriends && friends_.contains(pair))
      list.lines.push_back(std::to_string(user) + " " + friends_[pair]);
    if (call.op == Op::kBlocked && blocks_.contains(pair))
      list.lines.push_back(std::to_string(user));
  }
  return list;
}

std::string Model::line_of(const Call& call, int receiver_type, std::int64_t receiver) const {
  return std::to_string(self()) + " on " + std::to_string(current(call.device)) + " to " +
         std::to_string(receiver_type) + "/" + std::to_string(receiver) + ": " + call.text;
}

// What was answered when the same device sent the same request before.
std::optional<Answer> Model::answered(const Call& call) const {
  if (call.request == 0) return std::nullopt;
  const auto before = requests_.find({current(call.device), call.request});
  if (before == requests_.end()) return std::nullopt;
  return Answer{kOk, {std::to_string(before->second)}};
}

Answer Model::send(const Call& call) {
  const auto other = call.user;
  if (other < 1) return refused(kBadRequest);
  if (call.text.size() > kContentBytes) return refused(kTooLarge);
  if (call.request < 0) return refused(kBadRequest);
  if (call.yes) {
    if (auto before = answered(call)) return *before;
  }
  if (other != self()) {
    if (!exists(other)) return refused(kUserNotExist);
    if (blocks_.contains({other, self()})) return refused(kBlocked);
    if (!friends_.contains({self(), other})) return refused(kIsNotFriend);
  }
  if (!call.yes) {
    handed_.users.emplace_back(self(), 0);
    if (other != self()) handed_.users.emplace_back(other, 0);
    return {kOk, {"0"}};
  }
  const auto line = line_of(call, 1, other);
  const auto seq = put(self(), line);
  if (other != self()) put(other, line);
  if (call.request != 0) requests_[{current(call.device), call.request}] = seq;
  return {kOk, {std::to_string(seq)}};
}

Answer Model::send_to_group(const Call& call) {
  if (call.group < 1) return refused(kBadRequest);
  if (call.text.size() > kContentBytes) return refused(kTooLarge);
  if (call.request < 0) return refused(kBadRequest);
  if (call.yes) {
    if (auto before = answered(call)) return *before;
  }
  const auto found = groups_.find(call.group);
  if (found == groups_.end()) return refused(kGroupNotExist);
  auto& group = found->second;
  const auto me = group.members.find(self());
  if (me == group.members.end()) return refused(kIsNotInGroup);
  if (me->second.muted_until > now_) return refused(kMuted);
  if (me->second.role == 0 && group.muted_until > now_) return refused(kMuted);
  const auto line = line_of(call, group.large ? 3 : 2, call.group);
  if (!call.yes) {
    if (group.large) handed_.groups.emplace_back(call.group, 0);
    for (const auto& [user, member] : group.members)
      if (!group.large) handed_.users.emplace_back(user, 0);
    return {kOk, {"0"}};
  }
  group.log.push_back(line);
  auto seq = group.head();
  if (group.large) handed_.groups.emplace_back(call.group, seq);
  for (const auto& [user, member] : group.members) {
    if (group.large) break;
    const auto placed = put(user, line);
    if (user == self()) seq = placed;
  }
  if (call.request != 0) requests_[{current(call.device), call.request}] = seq;
  return {kOk, {std::to_string(seq)}};
}

int Model::device_for(int device, std::int64_t user) {
  const auto owner = owners_.try_emplace(device, user).first->second;
  if (owner == user) return device;
  const auto [found, made] = behind_.try_emplace({device, user}, last_device_ + 1);
  if (made) in_front_[++last_device_] = device;
  return found->second;
}

Answer Model::devices(const Call& call) {
  if (call.op == Op::kSignIn) {
    if (!call.yes) return refused(kBadCode);
    const auto device = device_for(call.device, call.user);
    signed_in_[device] = call.user;
    current_[call.device] = device;
    leave_rooms(call.device);
    return {kOk, {std::to_string(call.user)}};
  }
  if (call.op == Op::kSignOut) {
    signed_in_[current(call.device)] = 0;
    leave_rooms(call.device);
    return {};
  }
  if (call.op == Op::kRevoke) {
    const auto device = static_cast<int>(call.number);
    if (device < 1 || signed_in_[device] != self()) return refused(kDeviceNotExist);
    signed_in_[device] = 0;
    const auto front = in_front_.contains(device) ? in_front_.at(device) : device;
    if (current(front) == device) leave_rooms(front);
    return {};
  }
  Answer list;
  for (const auto& [device, user] : signed_in_)
    if (user == self()) list.lines.push_back(std::to_string(device));
  return list;
}

}  // namespace linnet::sim
