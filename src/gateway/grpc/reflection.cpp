#include "grpc/reflection.hpp"

#include "pb/reflection.pb.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <mutex>
#include <set>
#include <vector>

namespace linnet::gateway {
namespace {

namespace reflection = grpc::reflection::v1alpha;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

constexpr int kNotFound = 5;  // gRPC's own codes
constexpr int kUnimplemented = 12;

// The file and what it imports, each once, before those that need it.
void collect(const FileDescriptor* file, std::set<const FileDescriptor*>& seen,
             reflection::FileDescriptorResponse& files) {
  if (!seen.insert(file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i)
    collect(file->dependency(i), seen, files);
  google::protobuf::FileDescriptorProto proto;
  file->CopyTo(&proto);
  files.add_file_descriptor_proto(proto.SerializeAsString());
}

// The same of one file, made once: the program's files do not change, and are few.
const reflection::FileDescriptorResponse& with_imports(const FileDescriptor* file) {
  static std::mutex mutex;
  static std::map<const FileDescriptor*, reflection::FileDescriptorResponse> made;
  std::lock_guard lock(mutex);
  auto [it, first] = made.try_emplace(file);
  if (first) {
    std::set<const FileDescriptor*> seen;
    collect(file, seen, it->second);
  }
  return it->second;
}

void fail(reflection::ServerReflectionResponse& response, int code, const char* message) {
  response.mutable_error_response()->set_error_code(code);
  response.mutable_error_response()->set_error_message(message);
}

void answer_file(const FileDescriptor* file, reflection::ServerReflectionResponse& response) {
  if (file == nullptr) return fail(response, kNotFound, "there is no such file or symbol");
  *response.mutable_file_descriptor_response() = with_imports(file);
}

void list_services(const api::MethodTable& table, reflection::ServerReflectionResponse& response) {
  std::set<std::string> names{"grpc.reflection.v1alpha.ServerReflection"};
  for (const auto& [path, method] : table.all())
    names.insert(path.substr(1, path.rfind('/') - 1));
  for (const auto& name : names)
    response.mutable_list_services_response()->add_service()->set_name(name);
}

}  // namespace

bool answer_reflection(const api::MethodTable& table, std::string_view request,
                       std::string& response) {
  reflection::ServerReflectionRequest asked;
  if (!asked.ParseFromArray(request.data(), static_cast<int>(request.size()))) return false;
  reflection::ServerReflectionResponse answer;
  answer.set_valid_host(asked.host());
  *answer.mutable_original_request() = asked;
  const auto* pool = DescriptorPool::generated_pool();
  using Kind = reflection::ServerReflectionRequest;
  switch (asked.message_request_case()) {
    case Kind::kListServices: list_services(table, answer); break;
    case Kind::kFileByFilename:
      answer_file(pool->FindFileByName(asked.file_by_filename()), answer);
      break;
    case Kind::kFileContainingSymbol:
      answer_file(pool->FindFileContainingSymbol(asked.file_containing_symbol()), answer);
      break;
    default: fail(answer, kUnimplemented, "extensions are not served"); break;
  }
  answer.SerializeToString(&response);
  return true;
}

}  // namespace linnet::gateway
