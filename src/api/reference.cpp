#include "linnet/api/reference.hpp"

#include "comments.hpp"
#include "pb/linnet.pb.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

extern "C" {
extern const char linnet_descriptors_begin[];
extern const char linnet_descriptors_end[];
}

namespace linnet::api {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptorSet;
using google::protobuf::MethodDescriptor;

// The generated code's own pool has no comments: this one is built from what protoc wrote.
struct Described {
  Described() {
    const auto bytes = descriptor_set();
    if (!files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
      throw std::logic_error("the descriptors that were built in cannot be read");
    for (const auto& file : files.file())
      pool.BuildFile(file);
  }
  FileDescriptorSet files;
  DescriptorPool pool;
};

const Described& described() {
  static const Described once;
  return once;
}

// SCOPE_USERS -> "users", RATE_WRITE -> "write".
std::string plain_word(const std::string& name) {
  auto word = name.substr(name.find('_') + 1);
  std::transform(word.begin(), word.end(), word.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return word;
}

std::string who_may(const google::protobuf::MethodOptions& options) {
  switch (options.GetExtension(pb::access)) {
    case pb::ACCESS_ANYONE: return "anyone";
    case pb::ACCESS_DEVICE: return "a signed-in device";
    case pb::ACCESS_SERVER:
      return "an API key for " + plain_word(pb::Scope_Name(options.GetExtension(pb::scope)));
    default: return {};
  }
}

MethodReference refer(const MethodDescriptor& method) {
  const auto& options = method.options();
  const auto access = options.GetExtension(pb::access);
  MethodReference made;
  made.path = "/" + method.service()->full_name() + "/" + method.name();
  made.name = method.service()->name() + "." + method.name();
  made.about = comment_of(method);
  made.who = who_may(options);
  made.credentials = access != pb::ACCESS_ANYONE;
  made.api_key = access == pb::ACCESS_SERVER;
  made.rate = plain_word(pb::RateClass_Name(options.GetExtension(pb::rate)));
  made.no_side_effects =
      options.idempotency_level() == google::protobuf::MethodOptions::NO_SIDE_EFFECTS;
  for (int i = 0; i < options.ExtensionSize(pb::errors); ++i)
    made.errors.push_back(static_cast<ErrCode>(options.GetExtension(pb::errors, i)));
  made.descriptor = &method;
  return made;
}

std::vector<MethodReference> refer_all() {
  std::vector<MethodReference> all;
  const auto& [files, pool] = described();
  for (const auto& proto : files.file()) {
    const auto* file = pool.FindFileByName(proto.name());
    for (int s = 0; file != nullptr && s < file->service_count(); ++s) {
      const auto* service = file->service(s);
      for (int m = 0; m < service->method_count(); ++m) {
        if (service->method(m)->options().GetExtension(pb::access) != pb::ACCESS_UNSET)
          all.push_back(refer(*service->method(m)));
      }
    }
  }
  return all;
}

}  // namespace

std::string_view descriptor_set() {
  return {linnet_descriptors_begin,
          static_cast<std::size_t>(linnet_descriptors_end - linnet_descriptors_begin)};
}

const std::vector<MethodReference>& reference() {
  static const auto all = refer_all();
  return all;
}

const MethodReference* find_reference(std::string_view name) {
  const MethodReference* found = nullptr;
  for (const auto& method : reference()) {
    const auto& full = method.descriptor->full_name();
    if (name == method.path || name == full || name == method.name ||
        name == method.path.substr(1) || name == method.path.substr(4))
      return &method;
    const bool closer = found == nullptr || (found->api_key && !method.api_key);
    if (name == method.descriptor->name() && closer) found = &method;
  }
  return found;
}

}  // namespace linnet::api
