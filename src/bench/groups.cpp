#include "groups.hpp"

#include "http.hpp"
#include "people.hpp"
#include "progress.hpp"

#include <algorithm>

namespace linnet::bench {
namespace {

constexpr std::size_t kAddedAtOnce = 1000;
constexpr std::size_t kSenders = 64;

}  // namespace

Groups::Groups(const Address& http, const std::vector<Account>& users, std::size_t members,
               pb::GroupType type)
    : users_(users), members_(members), ids_(users.size() / members) {
  make(http, type);
  fill(http);
}

const Account& Groups::member(std::size_t sender) const {
  return users_[group_of(sender) * members_ + sender / count() % members_];
}

void Groups::make(const Address& http, pb::GroupType type) {
  pb::CreateGroupReq request;
  request.set_name("bench");
  request.set_type(type);
  const auto body = request.SerializeAsString();
  call_all(
      http, count(),
      [&](std::size_t group) {
        return http_call("/pb.LogicExt/CreateGroup", users_[group * members_].token, body);
      },
      [&](std::size_t group, const HttpReply& reply) {
        pb::CreateGroupResp made;
        made.ParseFromArray(reply.body.data(), static_cast<int>(reply.body.size()));
        ids_[group] = made.group_id();
      });
}

void Groups::fill(const Address& http) {
  const auto portions = (members_ - 1 + kAddedAtOnce - 1) / kAddedAtOnce;
  call_all(
      http, count() * portions,
      [&](std::size_t number) {
        const auto group = number / portions;
        const auto from = 1 + number % portions * kAddedAtOnce;
        pb::AddGroupMembersReq request;
        request.set_group_id(ids_[group]);
        for (auto i = from; i < std::min(from + kAddedAtOnce, members_); ++i)
          request.add_user_ids(users_[group * members_ + i].id.value());
        return http_call("/pb.LogicExt/AddGroupMembers", users_[group * members_].token,
                         request.SerializeAsString());
      },
      [](std::size_t /*number*/, const HttpReply& /*reply*/) {});
}

void Groups::send(const Address& http, std::size_t entries, std::size_t payload) const {
  std::vector<SendCall> calls;
  const auto senders = std::max(kSenders, count());
  calls.reserve(senders);
  for (std::size_t i = 0; i < senders; ++i)
    calls.emplace_back(member(i), pb::RT_NORMAL_GROUP, id(group_of(i)), payload);
  const auto messages = (entries + members_ - 1) / members_;
  call_all(
      http, messages,
      [&](std::size_t number) {
        return std::string(calls[number % senders].with_request_id(number));
      },
      [&](std::size_t number, const HttpReply& /*reply*/) {
        if (number % 1000 == 0) show_progress("inboxes are filled", number, messages);
      });
}

}  // namespace linnet::bench
