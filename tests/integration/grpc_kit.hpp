// A server with its gRPC door open, and gRPC's own client of it.
#pragma once

#include "support/raw_client.hpp"
#include "support/secrets.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

namespace linnet::test {

using Metadata = std::vector<std::pair<std::string, std::string>>;

inline Metadata lineage(const TestUser& user) {
  return {{"user_id", std::to_string(user.id.value())},
          {"device_id", std::to_string(user.device.value())},
          {"token", user.token}};
}

template <class Response, class Request>
grpc::Status call_over(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                       const Metadata& metadata, const Request& request, Response& response) {
  grpc::TemplatedGenericStub<Request, Response> stub(channel);
  grpc::ClientContext context;
  for (const auto& [key, value] : metadata)
    context.AddMetadata(key, value);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  std::promise<grpc::Status> promise;
  stub.UnaryCall(&context, path, {}, &request, &response,
                 [&](grpc::Status status) { promise.set_value(std::move(status)); });
  return promise.get_future().get();
}

class GrpcHouse {
 public:
  GrpcHouse()
      : process_(dir_.path() / "data", {"--set", "grpc.listen=127.0.0.1:0"}),
        channel_(grpc::CreateChannel("127.0.0.1:" + std::to_string(process_.grpc_port()),
                                     grpc::InsecureChannelCredentials())) {}

  template <class Response, class Request>
  grpc::Status call(const std::string& path, const Metadata& metadata, const Request& request,
                    Response& response) {
    return call_over(channel_, path, metadata, request, response);
  }
  ServerProcess& process() { return process_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  TempDir dir_;
  ServerProcess process_;
  std::shared_ptr<grpc::Channel> channel_;
};

inline TestUser join(GrpcHouse& server, const std::string& phone) {
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
  remember_secret(signed_in.token());
  return {UserId(signed_in.user_id()), DeviceId(registered.device_id()), signed_in.token()};
}

}  // namespace linnet::test
