// gRPC server reflection: which services there are, and their descriptors.
#pragma once

#include "linnet/api/methods.hpp"

#include <string>
#include <string_view>

namespace linnet::gateway {

inline constexpr std::string_view kReflectionPath =
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

// One question of a reflection stream, encoded, and its answer. Returns false when `request` is no
// ServerReflectionRequest. Thread: any.
bool answer_reflection(const api::MethodTable& table, std::string_view request,
                       std::string& response);

}  // namespace linnet::gateway
