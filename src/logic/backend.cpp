#include "linnet/logic/backend.hpp"

#include "pb/logic.int.pb.h"
#include "profiles.hpp"
#include "texts.hpp"

#include <algorithm>

namespace linnet::logic {
namespace {

constexpr int kAskedAtOnce = 1000;

}  // namespace

Async<store::Device> Backend::find_device(DeviceId device) {
  auto found = co_await wait_for<std::optional<store::Device>>(
      [&](Done<std::optional<store::Device>> done) { store_.get_device(device, std::move(done)); });
  if (!found) co_return found.take_error();
  if (!*found) co_return Error(ErrCode::kDeviceNotExist);
  co_return std::move(**found);
}

Async<pb::GetDeviceResp> Backend::get_device(const user::Caller&, const pb::GetDeviceReq& request) {
  auto device = co_await find_device(DeviceId(request.device_id()));
  if (!device) co_return device.take_error();
  pb::GetDeviceResp response;
  *response.mutable_device() = devices_.describe(*device);
  co_return response;
}

Async<pb::KickDeviceResp> Backend::kick_device(const user::Caller&,
                                               const pb::KickDeviceReq& request) {
  auto device = co_await find_device(DeviceId(request.device_id()));
  if (!device) co_return device.take_error();
  if (!device->user) co_return Error(ErrCode::kDeviceNotBindUser);
  auto out = co_await accounts_.sign_out(device->user, device->id);
  if (!out) co_return out.take_error();
  co_return pb::KickDeviceResp();
}

Async<pb::GetOnlineResp> Backend::get_online(const user::Caller&, const pb::GetOnlineReq& request) {
  if (request.user_ids_size() > kAskedAtOnce)
    co_return Error(ErrCode::kBadRequest, "user_ids: at most " + std::to_string(kAskedAtOnce));
  pb::GetOnlineResp response;
  for (auto id : request.user_ids())
    if (router_.online(UserId(id))) response.add_user_ids(id);
  co_return response;
}

Async<pb::CreateUserResp> Backend::create_user(const user::Caller&,
                                               const pb::CreateUserReq& request) {
  store::User made;
  made.id = UserId(request.user_id());
  made.phone_number = request.phone_number();
  made.nickname = request.nickname();
  made.sex = request.sex();
  made.avatar_url = request.avatar_url();
  made.extra = request.extra();
  made.created = clock_.wall();
  auto id = co_await accounts_.create_user(std::move(made));
  if (!id) co_return id.take_error();
  pb::CreateUserResp response;
  response.set_user_id(id->value());
  co_return response;
}

Async<pb::MakeGroupResp> Backend::make_group(const user::Caller&, const pb::MakeGroupReq& request) {
  auto texts = check_group_texts(request);
  if (!texts) co_return texts.take_error();
  const bool large = request.type() == pb::GT_LARGE;
  if (!pb::GroupType_IsValid(request.type()) || request.member_ids_size() > kAskedAtOnce)
    co_return Error(ErrCode::kBadRequest, "type: GT_SMALL or GT_LARGE; member_ids: at most " +
                                              std::to_string(kAskedAtOnce));
  std::vector<UserId> users;
  users.emplace_back(request.owner_id());
  for (auto id : request.member_ids())
    users.emplace_back(id);
  std::sort(users.begin(), users.end());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  if (users.size() > (large ? groups_.large_members : groups_.small_members))
    co_return Error(ErrCode::kGroupFull);
  auto known = co_await profiles(store_, accounts_, users);
  if (!known) co_return known.take_error();
  if (known->size() != users.size())
    co_return Error(ErrCode::kUserNotExist, "owner_id or member_ids: one is no user");

  store::Group group;
  group.type = large ? pb::GT_LARGE : pb::GT_SMALL;
  group.name = request.name();
  group.avatar_url = request.avatar_url();
  group.introduction = request.introduction();
  group.extra = request.extra();
  group.created = clock_.wall();
  std::vector<store::Member> members;
  for (auto user : users) {
    store::Member member;
    member.user = user;
    member.role = user.value() == request.owner_id() ? store::kRoleOwner : store::kRoleMember;
    member.joined = group.created;
    members.push_back(std::move(member));
  }
  auto id = co_await wait_for<GroupId>([&](Done<GroupId> done) {
    Done<GroupId> follow_first = [&router = router_, &users, large,
                                  done = std::move(done)](Result<GroupId> made) mutable {
      if (made && large) {
        for (auto user : users)
          router.follow(user, *made);
      }
      done(std::move(made));
    };
    store_.create_group(std::move(group), std::move(members), std::move(follow_first));
  });
  if (!id) co_return id.take_error();
  pb::MakeGroupResp response;
  response.set_group_id(id->value());
  co_return response;
}

}  // namespace linnet::logic
