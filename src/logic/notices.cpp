#include "notices.hpp"

#include "pb/conn.ext.pb.h"

namespace linnet::logic {
namespace {

// A message's content fits a packet of 65,535 bytes with everything around it.
constexpr std::size_t kNoticeBytes = 48 * 1024;

store::GroupNotice notice(pb::PushCode code, const google::protobuf::Message& data, Millis now) {
  store::GroupNotice made;
  made.message = command(code, data, now);
  return made;
}

}  // namespace

store::Message command(pb::PushCode code, const google::protobuf::Message& data, Millis now) {
  pb::Command command;
  command.set_code(code);
  command.set_data(data.SerializeAsString());
  store::Message message;
  message.sender_type = pb::ST_SYSTEM;
  message.type = pb::MT_COMMAND;
  message.content = command.SerializeAsString();
  message.send_time = now;
  message.status = pb::MS_NORMAL;
  return message;
}

store::NewMessage command_to_user(UserId to, pb::PushCode code,
                                  const google::protobuf::Message& data, Millis now) {
  store::NewMessage made;
  made.message = command(code, data, now);
  made.message.receiver_type = pb::RT_USER;
  made.message.receiver_id = to.value();
  made.recipients.push_back(to);
  return made;
}

store::GroupNotice group_updated(const Doer& doer, const store::Group& group) {
  pb::UpdateGroupPush push;
  push.set_user_id(doer.user.value());
  push.set_nickname(doer.nickname);
  push.set_name(group.name);
  push.set_introduction(group.introduction);
  push.set_extra(group.extra);
  return notice(pb::PC_UPDATE_GROUP, push, doer.now);
}

store::GroupNotice group_dissolved(const Doer& doer, const store::Group& group) {
  pb::UpdateGroupPush push;
  push.set_user_id(doer.user.value());
  push.set_nickname(doer.nickname);
  push.set_name(group.name);
  push.set_dissolved(true);
  return notice(pb::PC_UPDATE_GROUP, push, doer.now);
}

std::vector<store::GroupNotice> members_added(const Doer& doer,
                                              const std::vector<store::Member>& added,
                                              const Profiles& profiles) {
  std::vector<store::GroupNotice> notices;
  pb::AddGroupMembersPush push;
  std::vector<UserId> persons;
  std::size_t bytes = 0;
  auto finish = [&] {
    push.set_user_id(doer.user.value());
    push.set_nickname(doer.nickname);
    notices.push_back(notice(pb::PC_ADD_GROUP_MEMBERS, push, doer.now));
    notices.back().persons = std::move(persons);
    persons.clear();
    push.Clear();
    bytes = 0;
  };
  for (const auto& member : added) {
    auto one = to_pb(member, profiles.at(member.user));
    const auto size = one.ByteSizeLong() + 4;  // tag and length around it
    if (bytes > 0 && bytes + size > kNoticeBytes) finish();
    bytes += size;
    *push.add_members() = std::move(one);
    persons.push_back(member.user);
  }
  if (bytes > 0) finish();
  return notices;
}

store::GroupNotice member_removed(const Doer& doer, UserId removed) {
  pb::RemoveGroupMemberPush push;
  push.set_user_id(doer.user.value());
  push.set_nickname(doer.nickname);
  push.set_deleted_user_id(removed.value());
  auto made = notice(pb::PC_REMOVE_GROUP_MEMBER, push, doer.now);
  made.persons.push_back(removed);
  return made;
}

pb::GroupMember to_pb(const store::Member& member, const store::User& profile) {
  pb::GroupMember made;
  made.set_user_id(member.user.value());
  made.set_nickname(profile.nickname);
  made.set_sex(profile.sex);
  made.set_avatar_url(profile.avatar_url);
  made.set_user_extra(profile.extra);
  made.set_remarks(member.remarks);
  made.set_extra(member.extra);
  made.set_role(static_cast<pb::GroupRole>(member.role));
  made.set_muted_until(member.muted_until.value());
  made.set_join_time(member.joined.value());
  return made;
}

}  // namespace linnet::logic
