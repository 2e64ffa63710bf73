#include "linnet/logic/erasure.hpp"

#include "deliver.hpp"
#include "group_rules.hpp"
#include "pb/logic.int.pb.h"
#include "pb/user.ext.pb.h"

namespace linnet::logic {
namespace {

constexpr std::size_t kAtOnce = 1000;

// Who would rather have a group: an administrator, among equals who came first.
bool comes_before(const store::Member& one, const store::Member& other) {
  return one.role != other.role ? one.role > other.role : one.joined < other.joined;
}

}  // namespace

Async<pb::EraseUserResp> Erasure::erase_self(const user::Caller& caller,
                                             const pb::EraseUserReq& request) {
  auto proved = co_await accounts_.prove(caller, request.password(), request.code());
  if (!proved) co_return proved.take_error();
  auto erased = co_await erase(caller.identity.user);
  // By somebody else at the same moment: the token was good, and is no longer.
  if (erased.code() == ErrCode::kUserNotExist) co_return Error(ErrCode::kUnauthorized);
  if (!erased) co_return erased.take_error();
  co_return pb::EraseUserResp();
}

Async<pb::RemoveUserResp> Erasure::remove(const user::Caller&, const pb::RemoveUserReq& request) {
  auto erased = co_await erase(UserId(request.user_id()));
  if (!erased) co_return erased.take_error();
  co_return pb::RemoveUserResp();
}

Async<Unit> Erasure::erase(UserId user) {
  auto left = co_await leave_groups(user);
  if (!left) co_return left.take_error();
  co_return co_await accounts_.erase(user);
}

Async<Unit> Erasure::leave_groups(UserId user) {
  auto self = co_await wait_for<std::optional<store::User>>(
      [&](Done<std::optional<store::User>> done) { store_.get_user(user, std::move(done)); });
  if (!self) co_return self.take_error();
  if (!*self) co_return Error(ErrCode::kUserNotExist);
  for (GroupId after;;) {
    auto groups = co_await wait_for<std::vector<store::Membership>>(
        [&](Done<std::vector<store::Membership>> done) {
          store_.user_groups(user, after, kAtOnce, std::move(done));
        });
    if (!groups) co_return groups.take_error();
    for (const auto& membership : *groups) {
      auto left = co_await leave(membership, **self);
      if (!left) co_return left.take_error();
      after = membership.group.id;
    }
    if (groups->size() < kAtOnce) co_return Unit{};
  }
}

Async<Unit> Erasure::leave(const store::Membership& membership, const store::User& user) {
  const auto group = membership.group.id;
  std::vector<UserId> persons(1, user.id);
  if (membership.member.role == store::kRoleOwner) {
    auto next = co_await successor(group, user.id);
    if (!next) co_return next.take_error();
    if (*next) persons.push_back(*next);
  }
  const Doer doer{user.id, user.nickname, clock_.wall()};
  auto edited = co_await wait_for<store::GroupEdited>([&](Done<store::GroupEdited> done) {
    store::GroupDecision decide = [doer](const store::GroupView& view) {
      return depart(view, doer);
    };
    store_.edit_group(group, std::move(persons), std::move(decide),
                      tell_then(router_, std::move(done)));
  });
  // It has ended meanwhile.
  if (edited.code() == ErrCode::kGroupNotExist) co_return Unit{};
  if (!edited) co_return edited.take_error();
  co_return Unit{};
}

// Who owns the group after `owner`; 0: nobody else is in it.
Async<UserId> Erasure::successor(GroupId group, UserId owner) {
  std::optional<store::Member> best;
  for (UserId after;;) {
    auto members =
        co_await wait_for<std::vector<store::Member>>([&](Done<std::vector<store::Member>> done) {
          store_.group_members(group, after, kAtOnce, std::move(done));
        });
    if (!members) co_return members.take_error();
    for (const auto& member : *members) {
      after = member.user;
      if (member.user != owner && (!best || comes_before(member, *best))) best = member;
    }
    if (members->size() < kAtOnce) break;
  }
  co_return best ? best->user : UserId();
}

}  // namespace linnet::logic
