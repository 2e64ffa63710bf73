// Errors as gRPC statuses, in gRPC itself and in gRPC-Web.
#pragma once

#include "linnet/api/exchange.hpp"
#include "linnet/base/error.hpp"

#include <string>
#include <string_view>

namespace linnet::gateway {

struct GrpcStatus {
  int code = 0;
  std::string message;
  std::string details;  // grpc-status-details-bin: a google.rpc.Status with a pb.ErrorInfo
};

// The code is the ErrCode's number, as clients of the lineage expect, but for what the call never
// reached (no such method, busy, too late, too many, too large): there gRPC's own codes let its
// clients do the right thing by themselves. The details name the ErrCode in any case.
GrpcStatus grpc_status(const Error& error, std::string_view request_name);
// The same for an error that has one of gRPC's own codes.
GrpcStatus grpc_status(const api::Failure& failure);

}  // namespace linnet::gateway
