#include "world.hpp"

#include "server_process.hpp"

#include <numeric>
#include <stdexcept>

namespace linnet::test {
namespace {

constexpr std::size_t kSmallGroups = 4;
constexpr std::size_t kLargeGroups = 2;
constexpr std::size_t kSmallSize = 8;

World::Group make_group(std::uint16_t port, const World& world, bool large,
                        std::vector<std::size_t> members) {
  Caller caller(port);
  caller.use(world.senders[members.front()]);
  pb::CreateGroupReq create;
  create.set_type(large ? pb::GT_LARGE : pb::GT_SMALL);
  World::Group group;
  group.id = caller.call<pb::CreateGroupResp>("/pb.LogicExt/CreateGroup", create).group_id();
  group.large = large;
  pb::AddGroupMembersReq add;
  add.set_group_id(group.id);
  for (auto user : members)
    add.add_user_ids(world.senders[user].id.value());
  caller.call<pb::AddGroupMembersResp>("/pb.LogicExt/AddGroupMembers", add);
  group.members = std::move(members);
  return group;
}

}  // namespace

std::vector<std::string> server_arguments() {
  return {"--set", "logic.require_friendship=false", "--io-threads", "2"};
}

World make_world(const std::filesystem::path& data) {
  World world;
  world.data = data;
  ServerProcess server(data, server_arguments());
  for (std::size_t i = 0; i < kUsers; ++i) {
    world.senders.push_back(sign_in(server.http_port(), phone_of(i)));
    world.readers.push_back(sign_in(server.http_port(), phone_of(i)));
  }
  for (std::size_t i = 0; i < kSmallGroups; ++i) {
    std::vector<std::size_t> members(kSmallSize);
    std::iota(members.begin(), members.end(), i * kUsers / kSmallGroups);
    world.groups.push_back(make_group(server.http_port(), world, false, std::move(members)));
  }
  for (std::size_t i = 0; i < kLargeGroups; ++i) {
    std::vector<std::size_t> members(kUsers);
    std::iota(members.begin(), members.end(), std::size_t{0});
    world.groups.push_back(make_group(server.http_port(), world, true, std::move(members)));
  }
  for (const auto& reader : world.readers) {
    auto connection = LongConnection::sign_in(LongConnection::Door::kTcp, server.tcp_port(),
                                              server.http_port(), reader);
    world.own_entries.push_back(static_cast<std::int64_t>(connection.sync(0).size()));
  }
  for (auto& group : world.groups) {
    Caller caller(server.http_port());
    caller.use(world.readers[group.members.back()]);
    pb::SyncGroupReq request;
    request.set_group_id(group.id);
    group.own_entries = caller.call<pb::SyncGroupResp>("/pb.LogicExt/SyncGroup", request).seq();
  }
  if (server.stop() != 0) throw std::runtime_error("the first server did not end well");
  return world;
}

}  // namespace linnet::test
