// A server with its gRPC door open, and gRPC's own client of it.
#pragma once

#include "pb/conn.ext.pb.h"
#include "pb/push.ext.pb.h"
#include "support/raw_client.hpp"
#include "support/secrets.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <future>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <mutex>
#include <optional>
#include <utility>

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

// A unary call of bytes; what it answers is left out.
inline grpc::Status call_bytes(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& path, const Metadata& metadata,
                               const std::string& request) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  for (const auto& [key, value] : metadata)
    context.AddMetadata(key, value);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  grpc::Slice slice(request);
  grpc::ByteBuffer bytes(&slice, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> promise;
  stub.UnaryCall(&context, path, {}, &bytes, &response,
                 [&](grpc::Status status) { promise.set_value(std::move(status)); });
  return promise.get_future().get();
}

inline std::shared_ptr<grpc::Channel> channel_to(std::uint16_t port) {
  return grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                             grpc::InsecureChannelCredentials());
}

class GrpcHouse {
 public:
  GrpcHouse()
      : process_(dir_.path() / "data", {"--set", "grpc.listen=127.0.0.1:0"}),
        channel_(channel_to(process_.grpc_port())) {}

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

// LogicExt.Receive: a stream that reads only when it is asked to.
class GrpcReceiver final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  GrpcReceiver(const std::shared_ptr<grpc::Channel>& channel, const Metadata& metadata,
               const std::string& request)
      : stub_(channel) {
    for (const auto& [key, value] : metadata)
      context_.AddMetadata(key, value);
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    stub_.PrepareBidiStreamingCall(&context_, "/pb.LogicExt/Receive", {}, this);
    grpc::Slice slice(request);
    request_ = grpc::ByteBuffer(&slice, 1);
    StartWriteLast(&request_, {});
    AddHold();  // OnDone comes after the last read that is asked for
    StartCall();
  }
  GrpcReceiver(const std::shared_ptr<grpc::Channel>& channel, const TestUser& user,
               std::int64_t after)
      : GrpcReceiver(channel, lineage(user), input(after)) {}
  ~GrpcReceiver() override {
    context_.TryCancel();
    wait_for_done();
  }

  // The next item; none when the stream has ended.
  std::optional<pb::MessageItem> next() {
    StartRead(&response_);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return read_.has_value(); });
    if (!*std::exchange(read_, std::nullopt)) return std::nullopt;
    grpc::Slice slice;
    REQUIRE(response_.DumpToSingleSlice(&slice).ok());
    pb::Message message;
    REQUIRE(message.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
    return message.message();
  }
  std::string next_text() {
    auto item = next();
    REQUIRE(item);
    return text_of(*item);
  }
  // How it ends, after what is still to come.
  int end() {
    while (next()) {
    }
    wait_for_done();
    return static_cast<int>(done_->error_code());
  }
  void cancel() { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    std::lock_guard lock(mutex_);
    read_ = ok;
    changed_.notify_one();
  }
  void OnDone(const grpc::Status& status) override {
    std::lock_guard lock(mutex_);
    done_ = status;
    changed_.notify_one();
  }

 private:
  static std::string input(std::int64_t after) {
    pb::SyncInput input;
    input.set_seq(after);
    return input.SerializeAsString();
  }

  void wait_for_done() {
    if (std::exchange(held_, false)) RemoveHold();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_.has_value(); });
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = true;
  std::optional<bool> read_;
  std::optional<grpc::Status> done_;
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
