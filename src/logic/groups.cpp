// Making groups, and reading what is known of them and what was said in them.
#include "linnet/logic/groups.hpp"

#include "group_rules.hpp"
#include "pages.hpp"
#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"
#include "profiles.hpp"
#include "texts.hpp"

#include "linnet/logic/messages.hpp"

#include <algorithm>

namespace linnet::logic {
namespace {

// An old client asks without a limit and expects everything: more than a user is likely to have.
constexpr std::size_t kGroupsAtOnce = 10'000;
constexpr std::size_t kMembersAtOnce = 1'000;
constexpr std::size_t kMessagesAtOnce = 200;
// Fits a packet, with room for what is around the items.
constexpr std::size_t kAnswerBytes = 60'000;

pb::Group to_pb(const store::Group& group) {
  pb::Group made;
  made.set_group_id(group.id.value());
  made.set_name(group.name);
  made.set_avatar_url(group.avatar_url);
  made.set_introduction(group.introduction);
  made.set_user_num(static_cast<std::int32_t>(group.members));
  made.set_type(static_cast<pb::GroupType>(group.type));
  made.set_extra(group.extra);
  made.set_create_time(group.created.value() / 1000);
  made.set_update_time(group.updated.value() / 1000);
  made.set_join_mode(static_cast<pb::JoinMode>(group.join_mode));
  made.set_member_invite(group.member_invite);
  made.set_open_history(group.open_history);
  made.set_muted_until(group.muted_until.value());
  return made;
}

pb::Group to_pb(const store::Group& group, const store::Member& member, Seq head) {
  auto made = to_pb(group);
  made.set_role(static_cast<pb::GroupRole>(member.role));
  made.set_my_muted_until(member.muted_until.value());
  made.set_seq(head.value());
  if (group.type == store::kLargeGroup) {
    const auto read = std::max(member.read, member.visible_after);
    made.set_read_seq(read.value());
    made.set_unread(head.value() - read.value());
  }
  return made;
}

}  // namespace

Async<pb::CreateGroupResp> Groups::create(const user::Caller& caller,
                                          const pb::CreateGroupReq& request) {
  auto texts = check_group_texts(request);
  if (!texts) co_return texts.take_error();
  if (!pb::GroupType_IsValid(request.type()))
    co_return Error(ErrCode::kBadRequest, "type: GT_SMALL or GT_LARGE");
  store::Group group;
  group.type = request.type() == pb::GT_UNKNOWN ? pb::GT_SMALL : request.type();
  group.name = request.name();
  group.avatar_url = request.avatar_url();
  group.introduction = request.introduction();
  group.extra = request.extra();
  group.created = clock_.wall();
  store::Member owner;
  owner.user = caller.identity.user;
  owner.role = store::kRoleOwner;
  owner.joined = group.created;
  const bool large = group.type == store::kLargeGroup;
  std::vector<store::Member> members;
  members.push_back(std::move(owner));
  auto id = co_await wait_for<GroupId>([&](Done<GroupId> done) {
    Done<GroupId> follow_first = [&router = router_, user = caller.identity.user, large,
                                  done = std::move(done)](Result<GroupId> made) mutable {
      if (made && large) router.follow(user, *made);
      done(std::move(made));
    };
    store_.create_group(std::move(group), std::move(members), std::move(follow_first));
  });
  if (!id) co_return id.take_error();
  pb::CreateGroupResp response;
  response.set_group_id(id->value());
  co_return response;
}

Async<store::GroupView> Groups::view(GroupId group, UserId user) {
  std::vector<UserId> persons;
  persons.push_back(user);
  auto seen = co_await wait_for<store::GroupView>([&](Done<store::GroupView> done) {
    store_.view_group(group, std::move(persons), std::move(done));
  });
  co_return seen;
}

Async<pb::GetGroupResp> Groups::get(const user::Caller& caller, const pb::GetGroupReq& request) {
  auto seen = co_await view(GroupId(request.group_id()), caller.identity.user);
  if (!seen) co_return seen.take_error();
  auto may = require_member(*seen);
  if (!may) co_return may.take_error();
  pb::GetGroupResp response;
  *response.mutable_group() = to_pb(seen->group, *seen->persons.front().member, seen->head);
  co_return response;
}

Async<pb::GetUserGroupsResp> Groups::list(const user::Caller& caller,
                                          const pb::GetUserGroupsReq& request) {
  auto page = page_of(request, kGroupsAtOnce);
  if (!page) co_return page.take_error();
  pb::GetUserGroupsResp response;
  const auto read = [&](std::int64_t after, std::size_t most,
                        Done<std::vector<store::Membership>> done) {
    store_.user_groups(caller.identity.user, GroupId(after), most, std::move(done));
  };
  const auto add = [&](const store::Membership& one) {
    auto* added = response.add_groups();
    *added = to_pb(one.group, one.member, one.head);
    return std::pair(one.group.id.value(), added->ByteSizeLong());
  };
  auto filled = co_await fill<store::Membership>(*page, response, read, add);
  if (!filled) co_return filled.take_error();
  co_return response;
}

Async<pb::GetGroupMembersResp> Groups::members(const user::Caller& caller,
                                               const pb::GetGroupMembersReq& request) {
  auto page = page_of(request, kMembersAtOnce);
  if (!page) co_return page.take_error();
  const GroupId group(request.group_id());
  auto found =
      co_await wait_for<std::vector<store::Member>>([&](Done<std::vector<store::Member>> done) {
        store_.group_members(group, UserId(page->after), page->read(), std::move(done));
      });
  if (!found) co_return found.take_error();
  // Who may see it is asked behind the reading: what came after a removal is not the removed one's.
  auto seen = co_await view(group, caller.identity.user);
  if (!seen) co_return seen.take_error();
  auto may = require_member(*seen);
  if (!may) co_return may.take_error();
  pb::GetGroupMembersResp response;
  cut(*found, *page, response);
  std::vector<UserId> users;
  for (const auto& member : *found)
    users.push_back(member.user);
  auto known = co_await profiles(store_, people_, users);
  if (!known) co_return known.take_error();
  for (const auto& member : *found)
    *response.add_members() = to_pb(member, (*known)[member.user]);
  co_return response;
}

Async<pb::GetJoinRequestsResp> Groups::join_requests(const user::Caller& caller,
                                                     const pb::GetJoinRequestsReq& request) {
  auto page = page_of(request, kMembersAtOnce);
  if (!page) co_return page.take_error();
  const GroupId group(request.group_id());
  auto found = co_await wait_for<std::vector<store::JoinRequest>>(
      [&](Done<std::vector<store::JoinRequest>> done) {
        store_.join_requests(group, UserId(page->after), page->read(), std::move(done));
      });
  if (!found) co_return found.take_error();
  // As in members().
  auto seen = co_await view(group, caller.identity.user);
  if (!seen) co_return seen.take_error();
  auto may = require_admin(*seen);
  if (!may) co_return may.take_error();
  pb::GetJoinRequestsResp response;
  cut(*found, *page, response);
  for (const auto& asked : *found) {
    auto* one = response.add_requests();
    one->set_user_id(asked.user.value());
    one->set_text(asked.text);
    one->set_time(asked.created.value());
  }
  co_return response;
}

Async<pb::SyncGroupResp> Groups::sync(const user::Caller& caller, const pb::SyncGroupReq& request) {
  if (request.seq() < 0 || request.limit() < 0)
    co_return Error(ErrCode::kBadRequest, "seq and limit: 0 or more");
  store::PageLimit limit;
  limit.entries = kMessagesAtOnce;
  if (request.limit() > 0)
    limit.entries = std::min<std::size_t>(static_cast<std::size_t>(request.limit()), limit.entries);
  auto page = co_await wait_for<store::InboxPage>([&](Done<store::InboxPage> done) {
    store_.read_group(GroupId(request.group_id()), caller.identity.user, Seq(request.seq()), limit,
                      std::move(done));
  });
  if (!page) co_return page.take_error();
  pb::SyncGroupResp response;
  response.set_seq(page->head.value());
  if (request.seq() > page->head.value()) {
    const auto first = page->entries.empty() ? page->head.next() : page->entries.front().seq;
    response.set_after(first.value() - 1);
  }
  std::size_t bytes = 0;
  for (const auto& entry : page->entries) {
    auto item = to_item(entry.message);
    item.set_seq(entry.seq.value());
    const auto size = item.ByteSizeLong() + 4;  // tag and length around it
    if (bytes > 0 && bytes + size > kAnswerBytes) break;
    bytes += size;
    response.set_has_more(entry.seq < page->head);
    *response.add_messages() = std::move(item);
  }
  co_return response;
}

Async<pb::AckGroupResp> Groups::acknowledge(const user::Caller& caller,
                                            const pb::AckGroupReq& request) {
  if (request.seq() < 0) co_return Error(ErrCode::kBadRequest, "seq: 0 or more");
  auto marked = co_await wait_for<Unit>([&](Done<Unit> done) {
    store_.mark_read(GroupId(request.group_id()), caller.identity.user, Seq(request.seq()),
                     std::move(done));
  });
  if (!marked) co_return marked.take_error();
  co_return pb::AckGroupResp();
}

}  // namespace linnet::logic
