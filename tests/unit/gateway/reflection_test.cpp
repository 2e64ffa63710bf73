// gRPC reflection's answers, without gRPC.
#include "grpc/reflection.hpp"

#include "http_fakes.hpp"
#include "pb/reflection.pb.h"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.pb.h>

#include <set>

using namespace linnet;
using namespace linnet::gateway;

namespace {

namespace reflection = grpc::reflection::v1alpha;

struct Handlers {
  Async<pb::GetFriendsResp> friends(const user::Caller&, const pb::GetFriendsReq&) {
    co_return pb::GetFriendsResp();
  }
};

struct Fixture {
  Fixture() { table.add("/pb.LogicExt/GetFriends", handlers, &Handlers::friends); }
  reflection::ServerReflectionResponse ask(const reflection::ServerReflectionRequest& request) {
    std::string bytes;
    REQUIRE(answer_reflection(table, request.SerializeAsString(), bytes));
    reflection::ServerReflectionResponse response;
    REQUIRE(response.ParseFromString(bytes));
    CHECK(response.original_request().SerializeAsString() == request.SerializeAsString());
    return response;
  }
  Handlers handlers;
  api::MethodTable table;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "reflection lists the services of the table") {
  reflection::ServerReflectionRequest request;
  request.set_list_services("*");
  std::set<std::string> names;
  const auto answer = ask(request);
  for (const auto& service : answer.list_services_response().service())
    names.insert(service.name());
  CHECK(names == std::set<std::string>{"grpc.reflection.v1alpha.ServerReflection", "pb.LogicExt"});
}

TEST_CASE_METHOD(Fixture, "a file comes with all that it imports, before itself") {
  reflection::ServerReflectionRequest by_symbol;
  by_symbol.set_file_containing_symbol("pb.LogicExt.GetFriends");
  std::set<std::string> files;
  const auto answer = ask(by_symbol);
  for (const auto& bytes : answer.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    REQUIRE(file.ParseFromString(bytes));
    for (const auto& needed : file.dependency())
      CHECK(files.contains(needed));
    files.insert(file.name());
  }
  CHECK(files.contains("pb/logic.ext.proto"));
  // Whoever asks again is told the same.
  CHECK(ask(by_symbol).SerializeAsString() == answer.SerializeAsString());
  reflection::ServerReflectionRequest by_name;
  by_name.set_file_by_filename("pb/conn.ext.proto");
  CHECK(ask(by_name).file_descriptor_response().file_descriptor_proto_size() == 1);
}

TEST_CASE_METHOD(Fixture, "what reflection does not know is an error in its answer") {
  reflection::ServerReflectionRequest request;
  request.set_file_by_filename("pb/nothing.proto");
  CHECK(ask(request).error_response().error_code() == 5);
  request.set_all_extension_numbers_of_type("pb.X");
  CHECK(ask(request).error_response().error_code() == 12);
  CHECK(ask(reflection::ServerReflectionRequest()).error_response().error_code() == 12);
  std::string ignored;
  CHECK_FALSE(answer_reflection(table, "\xff\xff", ignored));
}
