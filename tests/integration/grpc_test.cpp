// The gRPC door through gRPC's own C++ client: metadata, statuses, reflection, and that it is the
// same server behind it.
#ifdef LINNET_GRPC

#include "grpc_kit.hpp"
#include "pb/linnet.pb.h"

#include <thread>

using namespace linnet;
using namespace linnet::test;

namespace {

pb::ErrorInfo info_in(const grpc::Status& status) {
  pb::RpcStatus details;
  REQUIRE(details.ParseFromString(status.error_details()));
  CHECK(details.code() == static_cast<int>(status.error_code()));
  REQUIRE(details.details_size() == 1);
  pb::ErrorInfo info;
  REQUIRE(details.details(0).UnpackTo(&info));
  return info;
}

}  // namespace

TEST_CASE("an app of the lineage joins, makes a group and writes over gRPC") {
  GrpcHouse server;
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
  GrpcHouse server;
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
  GrpcHouse server;
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

TEST_CASE("what is compressed is refused: gRPC would inflate it for anybody") {
  GrpcHouse server;
  for (const char* path : {"/pb.LogicExt/RegisterDevice", "/pb.LogicExt/SendMessage",
                           "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
    grpc::GenericStub stub(server.channel());
    grpc::ClientContext context;
    context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    grpc::Slice slice(std::string(50'000'000, '\0'));
    grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> promise;
    stub.UnaryCall(&context, path, {}, &request, &response,
                   [&](grpc::Status status) { promise.set_value(std::move(status)); });
    const auto status = promise.get_future().get();
    CAPTURE(path, status.error_message());
    CHECK(status.error_code() == grpc::StatusCode::UNIMPLEMENTED);
  }
}

TEST_CASE("many calls at once over one channel are each answered") {
  GrpcHouse server;
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
