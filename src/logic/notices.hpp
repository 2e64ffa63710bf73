// The commands that the server itself sends as messages (proto/pb/push.ext.proto).
#pragma once

#include "pb/logic.ext.pb.h"
#include "pb/push.ext.pb.h"

#include "linnet/base/ids.hpp"
#include "linnet/store/group_types.hpp"

#include <map>
#include <vector>

namespace linnet::logic {

// An MT_COMMAND of ST_SYSTEM with `data` in it; to whom it goes is for the caller to fill in.
store::Message command(pb::PushCode code, const google::protobuf::Message& data, Millis now);
// The same into the inbox of one user.
store::NewMessage command_to_user(UserId to, pb::PushCode code,
                                  const google::protobuf::Message& data, Millis now);

using Profiles = std::map<UserId, store::User>;

// Who does what to a group, as its notices say.
struct Doer {
  UserId user;
  std::string nickname;
  Millis now;
};

store::GroupNotice group_updated(const Doer& doer, const store::Group& group);
store::GroupNotice group_dissolved(const Doer& doer, const store::Group& group);
// More than one where one would be too large for a packet. A profile for each of `added`.
std::vector<store::GroupNotice> members_added(const Doer& doer,
                                              const std::vector<store::Member>& added,
                                              const Profiles& profiles);
store::GroupNotice member_removed(const Doer& doer, UserId removed);

pb::GroupMember to_pb(const store::Member& member, const store::User& profile);

}  // namespace linnet::logic
