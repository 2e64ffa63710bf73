// The gRPC door through gRPC's own C++ client: metadata, statuses, reflection, and that it is the
// same server behind it.
#ifdef LINNET_GRPC

#include "pb/linnet.pb.h"
#include "support/raw_client.hpp"
#include "support/server_process.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <thread>

using namespace linnet;
using namespace linnet::test;

namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;

Metadata lineage(const TestUser& user) {
  return {{"user_id", std::to_string(user.id.value())},
          {"device_id", std::to_string(user.device.value())},
          {"token", user.token}};
}

class Server {
 public:
  Server()
      : process_(dir_.path() / "data", {"--set", "grpc.listen=127.0.0.1:0"}),
        channel_(grpc::CreateChannel("127.0.0.1:" + std::to_string(process_.grpc_port()),
                                     grpc::InsecureChannelCredentials())) {}

  template <class Response, class Request>
  grpc::Status call(const std::string& path, const Metadata& metadata, const Request& request,
                    Response& response) {
    grpc::TemplatedGenericStub<Request, Response> stub(channel_);
    grpc::ClientContext context;
    for (const auto& [key, value] : metadata)
      context.AddMetadata(key, value);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    std::promise<grpc::Status> promise;
    stub.UnaryCall(&context, path, {}, &request, &response,
                   [&](grpc::Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get();
  }
  ServerProcess& process() { return process_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  TempDir dir_;
  ServerProcess process_;
  std::shared_ptr<grpc::Channel> channel_;
};

pb::ErrorInfo info_in(const grpc::Status& status) {
  pb::RpcStatus details;
  REQUIRE(details.ParseFromString(status.error_details()));
  CHECK(details.code() == static_cast<int>(status.error_code()));
  REQUIRE(details.details_size() == 1);
  pb::ErrorInfo info;
  REQUIRE(details.details(0).UnpackTo(&info));
  return info;
}

TestUser join(Server& server, const std::string& phone) {
  pb::RegisterDeviceReq device;
  device.set_type(1);
  device.set_brand("b");
  device.set_model("m");
  device.set_system_version("s");
  device.set_sdk_version("v");
  pb::RegisterDeviceResp registered;
  REQUIRE(server.call("/pb.LogicExt/RegisterDevice", {}, device, registered).ok());
  pb::SignInReq sign_in;
  sign_in.set_phone_number(phone);
  sign_in.set_code("424242");
  sign_in.set_device_id(registered.device_id());
  pb::SignInResp signed_in;
  auto status = server.call("/pb.UserExt/SignIn", {}, sign_in, signed_in);
  CAPTURE(status.error_message());
  REQUIRE(status.ok());
  return {UserId(signed_in.user_id()), DeviceId(registered.device_id()), signed_in.token()};
}

}  // namespace

TEST_CASE("an app of the lineage joins, makes a group and writes over gRPC") {
  Server server;
  auto anna = join(server, "100");
  auto ben = join(server, "200");
  pb::CreateGroupReq create;
  create.set_name("g");
  create.set_type(pb::GT_SMALL);
  pb::CreateGroupResp created;
  REQUIRE(server.call("/pb.LogicExt/CreateGroup", lineage(anna), create, created).ok());
  pb::AddGroupMembersReq add;
  add.set_group_id(created.group_id());
  add.add_user_ids(ben.id.value());
  pb::AddGroupMembersResp added;
  REQUIRE(server.call("/pb.LogicExt/AddGroupMembers", lineage(anna), add, added).ok());

  auto connection = LongConnection::sign_in(LongConnection::Door::kTcp, server.process().tcp_port(),
                                            server.process().http_port(), ben);
  connection.sync(1);
  auto request = text_to(UserId(created.group_id()), "hello");
  request.set_receiver_type(pb::RT_NORMAL_GROUP);
  auto metadata = lineage(anna);
  metadata.emplace_back("request_id", "77");
  pb::SendMessageResp sent;
  REQUIRE(server.call("/pb.LogicExt/SendMessage", metadata, request, sent).ok());
  auto item = connection.next_message();
  CHECK(text_of(item) == "hello");
  CHECK(item.request_id() == 77);

  // The same request id is the same message.
  pb::SendMessageResp again;
  REQUIRE(server.call("/pb.LogicExt/SendMessage", metadata, request, again).ok());
  CHECK(again.seq() == sent.seq());
  // A token alone will do.
  pb::GetUserGroupsResp groups;
  CHECK(server
            .call("/pb.LogicExt/GetUserGroups", {{"authorization", "Bearer " + ben.token}},
                  pb::GetUserGroupsReq(), groups)
            .ok());
  CHECK(groups.groups_size() == 1);
}

TEST_CASE("an error is a status with the error code's number, and its details name it") {
  Server server;
  auto anna = join(server, "100");
  auto ben = join(server, "200");
  pb::SendMessageResp none;
  auto refused = server.call("/pb.LogicExt/SendMessage", lineage(anna), text_to(ben.id, "x"), none);
  CHECK(static_cast<int>(refused.error_code()) == 1004);
  CHECK_FALSE(refused.error_message().empty());
  auto info = info_in(refused);
  CHECK(info.code() == 1004);
  CHECK(info.reason() == "EC_IS_NOT_FRIEND");
  CHECK_FALSE(info.request_id().empty());

  auto stranger = server.call("/pb.LogicExt/SendMessage", {}, text_to(ben.id, "x"), none);
  CHECK(static_cast<int>(stranger.error_code()) == 1003);
  auto bad_id =
      server.call("/pb.LogicExt/SendMessage", {{"user_id", "x"}}, text_to(ben.id, "x"), none);
  CHECK(static_cast<int>(bad_id.error_code()) == 1007);
  auto nothing = server.call("/pb.LogicExt/Nothing", lineage(anna), text_to(ben.id, "x"), none);
  CHECK(nothing.error_code() == grpc::StatusCode::UNIMPLEMENTED);
}

TEST_CASE("hostile requests over gRPC are refused, and the next is served") {
  Server server;
  auto anna = join(server, "100");
  grpc::GenericStub stub(server.channel());
  for (const std::string& bytes : {std::string("\xff\xff\xff"), std::string("\x0a\x80", 2)}) {
    grpc::ClientContext context;
    for (const auto& [key, value] : lineage(anna))
      context.AddMetadata(key, value);
    grpc::Slice slice(bytes);
    grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> promise;
    stub.UnaryCall(&context, "/pb.LogicExt/SendMessage", {}, &request, &response,
                   [&](grpc::Status status) { promise.set_value(std::move(status)); });
    CHECK(static_cast<int>(promise.get_future().get().error_code()) == 1007);
  }
  pb::SendMessageResp none;
  auto large = text_to(anna.id, std::string(400'000, 'x'));
  CHECK(server.call("/pb.LogicExt/SendMessage", lineage(anna), large, none).error_code() ==
        grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(server.call("/pb.LogicExt/SendMessage", lineage(anna), text_to(anna.id, "x"), none).ok());
}

TEST_CASE("many calls at once over one channel are each answered") {
  Server server;
  auto anna = join(server, "100");
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) {
        pb::SendMessageResp sent;
        if (server.call("/pb.LogicExt/SendMessage", lineage(anna), text_to(anna.id, "x"), sent)
                .ok())
          ++good;
      }
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(good == 400);
  CHECK(server.process().stop() == 0);
}

#endif
