// The calls about groups.
#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"
#include "subject.hpp"

#include <algorithm>

namespace linnet::sim {

namespace {

std::string text(std::int64_t number) {
  return std::to_string(number);
}

template <class Request>
Request about(const Call& call) {
  Request request;
  request.set_group_id(call.group);
  return request;
}

template <class Request>
Request about_user(const Call& call) {
  auto request = about<Request>(call);
  request.set_user_id(call.user);
  return request;
}

std::string describe(const pb::Group& group) {
  return group.name() + " role " + text(group.role()) + " muted " + text(group.muted_until()) +
         " " + text(group.my_muted_until()) + " mode " + text(group.join_mode()) + " " +
         text(group.user_num()) + " members, head " + text(group.seq());
}

}  // namespace

Answer Subject::look_at_group(const user::Caller& caller, const Call& call) {
  switch (call.op) {
    case Op::kCreateGroup: {
      pb::CreateGroupReq request;
      request.set_name(call.text);
      request.set_type(call.yes ? pb::GT_LARGE : pb::GT_SMALL);
      auto made = run(groups_.create(caller, request));
      auto answer = plain(made);
      if (made) answer.lines.push_back(text(made->group_id()));
      return answer;
    }
    case Op::kGetGroup: {
      auto found = run(groups_.get(caller, about<pb::GetGroupReq>(call)));
      auto answer = plain(found);
      if (!found) return answer;
      const auto& group = found->group();
      answer.lines.push_back(describe(group));
      if (group.type() == pb::GT_LARGE)
        answer.lines.push_back("read " + text(group.read_seq()) + " unread " +
                               text(group.unread()));
      return answer;
    }
    case Op::kListGroups: {
      auto list = run(groups_.list(caller, {}));
      auto answer = plain(list);
      if (!list) return answer;
      for (const auto& group : list->groups())
        answer.lines.push_back(text(group.group_id()));
      return answer;
    }
    case Op::kMembers: {
      auto list = run(groups_.members(caller, about<pb::GetGroupMembersReq>(call)));
      auto answer = plain(list);
      if (!list) return answer;
      for (const auto& member : list->members())
        answer.lines.push_back(text(member.user_id()) + " role " + text(member.role()) + " " +
                               member.remarks());
      return answer;
    }
    case Op::kJoinRequests: {
      auto list = run(groups_.join_requests(caller, about<pb::GetJoinRequestsReq>(call)));
      auto answer = plain(list);
      if (!list) return answer;
      for (const auto& asked : list->requests())
        answer.lines.push_back(text(asked.user_id()));
      return answer;
    }
    case Op::kSyncGroup: {
      auto request = about<pb::SyncGroupReq>(call);
      request.set_seq(call.number);
      auto page = run(groups_.sync(caller, request));
      auto answer = plain(page);
      if (!page) return answer;
      for (const auto& item : page->messages())
        answer.lines.push_back(text(item.seq()) + " " + line_of(item));
      return answer;
    }
    default: {
      auto request = about<pb::AckGroupReq>(call);
      request.set_seq(call.number);
      return plain(run(groups_.acknowledge(caller, request)));
    }
  }
}

Answer Subject::change_group(const user::Caller& caller, const Call& call) {
  switch (call.op) {
    case Op::kUpdateGroup: {
      auto request = about<pb::UpdateGroupReq>(call);
      request.set_name(call.text);
      return plain(run(groups_.update(caller, request)));
    }
    case Op::kSettings: {
      auto request = about<pb::SetGroupSettingsReq>(call);
      request.set_join_mode(static_cast<pb::JoinMode>(call.number));
      request.set_member_invite(call.yes);
      request.set_open_history(call.request % 2 == 1);
      return plain(run(groups_.set_settings(caller, request)));
    }
    case Op::kMuteGroup: {
      auto request = about<pb::MuteGroupReq>(call);
      request.set_seconds(call.number);
      return plain(run(groups_.mute(caller, request)));
    }
    case Op::kGrow: return plain(run(groups_.grow(caller, about<pb::GrowGroupReq>(call))));
    default: return plain(run(groups_.dissolve(caller, about<pb::DeleteGroupReq>(call))));
  }
}

Answer Subject::membership(const user::Caller& caller, const Call& call) {
  switch (call.op) {
    case Op::kRemoveMember:
      return plain(run(groups_.remove_member(caller, about_user<pb::DeleteGroupMemberReq>(call))));
    case Op::kLeave: return plain(run(groups_.leave(caller, about<pb::LeaveGroupReq>(call))));
    case Op::kSetRole: {
      auto request = about_user<pb::SetGroupRoleReq>(call);
      request.set_role(static_cast<pb::GroupRole>(call.number));
      return plain(run(groups_.set_role(caller, request)));
    }
    case Op::kTransfer:
      return plain(run(groups_.transfer(caller, about_user<pb::TransferGroupReq>(call))));
    case Op::kAddMembers: {
      auto request = about<pb::AddGroupMembersReq>(call);
      request.add_user_ids(call.user);
      if (call.other != 0) request.add_user_ids(call.other);
      auto added = run(groups_.add_members(caller, request));
      auto answer = plain(added);
      if (!added) return answer;
      for (auto user : added->user_ids())
        answer.lines.push_back(text(user));
      std::sort(answer.lines.begin(), answer.lines.end());
      return answer;
    }
    case Op::kJoin: {
      auto request = about<pb::JoinGroupReq>(call);
      request.set_text(call.text);
      auto joined = run(groups_.join(caller, request));
      auto answer = plain(joined);
      if (joined) answer.lines.emplace_back(joined->joined() ? "joined" : "asked");
      return answer;
    }
    case Op::kAnswerRequest: {
      auto request = about_user<pb::AnswerJoinRequestReq>(call);
      request.set_accept(call.yes);
      return plain(run(groups_.answer_request(caller, request)));
    }
    case Op::kNoteMember: {
      auto request = about_user<pb::UpdateGroupMemberReq>(call);
      request.set_remarks(call.text);
      return plain(run(groups_.update_member(caller, request)));
    }
    default: {
      auto request = about_user<pb::MuteGroupMemberReq>(call);
      request.set_seconds(call.number);
      return plain(run(groups_.mute_member(caller, request)));
    }
  }
}

}  // namespace linnet::sim
