#include "group_rules.hpp"

#include <algorithm>

namespace linnet::logic {
namespace {

using store::GroupEdit;
using store::GroupView;
using store::kRoleAdmin;
using store::kRoleMember;
using store::kRoleOwner;

Status require_role(const GroupView& view, std::int32_t role) {
  const auto& member = view.persons.front().member;
  if (!member) return Error(ErrCode::kIsNotInGroup);
  if (member->role >= role) return success();
  return Error(ErrCode::kForbidden, role == kRoleOwner ? "only the group's owner may do this"
                                                       : "only owner and administrators may");
}

// The second person is a member over whom the first stands.
Status require_above(const GroupView& view) {
  auto admin = require_role(view, kRoleAdmin);
  if (!admin) return admin;
  const auto& other = view.persons.at(1).member;
  if (!other) return Error(ErrCode::kIsNotInGroup, "that user is not a member of the group");
  if (other->role >= view.persons.front().member->role)
    return Error(ErrCode::kForbidden, "that member's role is as high as yours");
  return success();
}

GroupEdit changed(const store::Group& group, Millis now) {
  GroupEdit edit;
  edit.group = group;
  edit.group->updated = now;
  return edit;
}

store::Member newcomer(const GroupView& view, UserId user, Millis now) {
  store::Member member;
  member.user = user;
  member.role = kRoleMember;
  member.joined = now;
  if (!view.group.open_history) member.visible_after = view.head;
  member.read = view.head;
  return member;
}

Decided with_newcomers(const GroupView& view, const Doer& doer, std::vector<store::Member> added,
                       const Profiles& profiles, const GroupOptions& options) {
  const auto limit =
      view.group.type == store::kLargeGroup ? options.large_members : options.small_members;
  if (static_cast<std::size_t>(view.group.members) + added.size() > limit)
    return Error(
        ErrCode::kGroupFull,
        "the group takes at most " + std::to_string(limit) + " members" +
            (view.group.type == store::kLargeGroup ? std::string()
                                                   : std::string("; its owner can let it grow")));
  auto edit = changed(view.group, doer.now);
  edit.notices = members_added(doer, added, profiles);
  for (const auto& member : added)
    edit.answered.push_back(member.user);
  edit.put = std::move(added);
  return edit;
}

}  // namespace

Status require_member(const GroupView& view) {
  return require_role(view, kRoleMember);
}

Status require_admin(const GroupView& view) {
  return require_role(view, kRoleAdmin);
}

Decided update_group(const GroupView& view, const Doer& doer, const pb::UpdateGroupReq& request) {
  auto may = require_admin(view);
  if (!may) return may.take_error();
  auto edit = changed(view.group, doer.now);
  edit.group->name = request.name();
  edit.group->avatar_url = request.avatar_url();
  edit.group->introduction = request.introduction();
  edit.group->extra = request.extra();
  edit.notices.push_back(group_updated(doer, *edit.group));
  return edit;
}

Decided change_settings(const GroupView& view, const Doer& doer,
                        const pb::SetGroupSettingsReq& request) {
  auto may = require_admin(view);
  if (!may) return may.take_error();
  auto edit = changed(view.group, doer.now);
  auto& group = *edit.group;
  if (request.has_join_mode()) group.join_mode = request.join_mode();
  if (request.has_member_invite()) group.member_invite = request.member_invite();
  if (request.has_open_history()) group.open_history = request.open_history();
  edit.notices.push_back(group_updated(doer, group));
  return edit;
}

Decided mute_group(const GroupView& view, const Doer& doer, Millis until) {
  auto may = require_admin(view);
  if (!may) return may.take_error();
  auto edit = changed(view.group, doer.now);
  edit.group->muted_until = until;
  edit.notices.push_back(group_updated(doer, *edit.group));
  return edit;
}

Decided grow_group(const GroupView& view, const Doer& doer) {
  auto may = require_role(view, kRoleOwner);
  if (!may) return may.take_error();
  if (view.group.type == store::kLargeGroup) return GroupEdit();
  auto edit = changed(view.group, doer.now);
  edit.group->type = store::kLargeGroup;
  edit.notices.push_back(group_updated(doer, *edit.group));
  return edit;
}

Decided dissolve_group(const GroupView& view, const Doer& doer) {
  auto may = require_role(view, kRoleOwner);
  if (!may) return may.take_error();
  GroupEdit edit;
  edit.dissolved = true;
  edit.notices.push_back(group_dissolved(doer, view.group));
  return edit;
}

Decided add_members(const GroupView& view, const Doer& doer, const Profiles& profiles,
                    const GroupOptions& options) {
  auto may = view.group.member_invite ? require_member(view) : require_admin(view);
  if (!may) return may.take_error();
  std::vector<store::Member> added;
  for (std::size_t i = 1; i < view.persons.size(); ++i) {
    const auto& person = view.persons[i];
    // Whoever blocks the doer is not brought to where it can be written to.
    if (!person.member && !person.blocks_first && !person.erased && !person.in_most_groups)
      added.push_back(newcomer(view, person.user, doer.now));
  }
  if (added.empty()) return GroupEdit();
  return with_newcomers(view, doer, std::move(added), profiles, options);
}

Decided remove_member(const GroupView& view, const Doer& doer) {
  const auto target = view.persons.back().user;
  if (target == doer.user) {
    auto may = require_member(view);
    if (!may) return may.take_error();
    if (view.persons.front().member->role == kRoleOwner)
      return Error(ErrCode::kForbidden, "the owner hands the group over first, or dissolves it");
  } else {
    auto may = require_above(view);
    if (!may) return may.take_error();
  }
  auto edit = changed(view.group, doer.now);
  edit.removed.push_back(target);
  edit.notices.push_back(member_removed(doer, target));
  return edit;
}

Decided depart(const GroupView& view, const Doer& doer) {
  const auto& self = view.persons.front().member;
  if (!self) return GroupEdit();
  auto edit = changed(view.group, doer.now);
  if (self->role == kRoleOwner) {
    const Error changes(ErrCode::kServerBusy, "a group changes at this moment; try again");
    if (view.persons.size() == 1) {
      if (view.group.members > 1) return changes;
      return dissolve_group(view, doer);
    }
    const auto& next = view.persons[1].member;
    if (!next) return changes;
    edit.put.push_back(*next);
    edit.put.back().role = kRoleOwner;
    edit.put.back().muted_until = Millis();
    edit.notices.push_back(group_updated(doer, view.group));
  }
  edit.removed.push_back(doer.user);
  edit.notices.push_back(member_removed(doer, doer.user));
  return edit;
}

Decided note_member(const GroupView& view, const std::string& remarks, const std::string& extra) {
  const bool own = view.persons.size() == 1;
  auto may = own ? require_member(view) : require_above(view);
  if (!may) return may.take_error();
  GroupEdit edit;
  edit.put.push_back(*view.persons.back().member);
  edit.put.back().remarks = remarks;
  edit.put.back().extra = extra;
  return edit;
}

Decided mute_member(const GroupView& view, Millis until) {
  auto may = require_above(view);
  if (!may) return may.take_error();
  GroupEdit edit;
  edit.put.push_back(*view.persons[1].member);
  edit.put.back().muted_until = until;
  return edit;
}

Decided set_role(const GroupView& view, const Doer& doer, std::int32_t role) {
  auto may = require_role(view, kRoleOwner);
  if (!may) return may.take_error();
  may = require_above(view);
  if (!may) return may.take_error();
  auto edit = changed(view.group, doer.now);
  edit.put.push_back(*view.persons[1].member);
  edit.put.back().role = role;
  edit.notices.push_back(group_updated(doer, view.group));
  return edit;
}

Decided transfer_group(const GroupView& view, const Doer& doer) {
  auto may = require_role(view, kRoleOwner);
  if (!may) return may.take_error();
  may = require_above(view);
  if (!may) return may.take_error();
  auto edit = changed(view.group, doer.now);
  edit.put.push_back(*view.persons[0].member);
  edit.put.back().role = kRoleAdmin;
  edit.put.push_back(*view.persons[1].member);
  edit.put.back().role = kRoleOwner;
  edit.put.back().muted_until = Millis();
  edit.notices.push_back(group_updated(doer, view.group));
  return edit;
}

Decided join_group(const GroupView& view, const Doer& doer, const std::string& text,
                   const Profiles& profiles, const GroupOptions& options) {
  const auto& self = view.persons.front();
  if (self.member) return GroupEdit();
  // Since its call was admitted.
  if (self.erased) return Error(ErrCode::kUnauthorized);
  if (self.in_most_groups) return Error(ErrCode::kTooManyGroups);
  if (view.group.join_mode == pb::JM_OPEN)
    return with_newcomers(view, doer, {newcomer(view, self.user, doer.now)}, profiles, options);
  if (view.group.join_mode != pb::JM_APPROVAL) return Error(ErrCode::kJoinClosed);
  GroupEdit edit;
  edit.request = store::JoinRequest{self.user, text, doer.now};
  return edit;
}

Decided answer_request(const GroupView& view, const Doer& doer, bool accept,
                       const Profiles& profiles, const GroupOptions& options) {
  auto may = require_admin(view);
  if (!may) return may.take_error();
  const auto& asker = view.persons.at(1);
  if (!asker.asked_to_join)
    return Error(ErrCode::kBadRequest, "that user has not asked to join, or was answered already");
  // Who has blocked the doer since is not brought to where it can be written to.
  if (accept && !asker.member && asker.blocks_first) return Error(ErrCode::kBlocked);
  if (accept && !asker.member)
    return with_newcomers(view, doer, {newcomer(view, asker.user, doer.now)}, profiles, options);
  GroupEdit edit;
  edit.answered.push_back(asker.user);
  return edit;
}

}  // namespace linnet::logic
