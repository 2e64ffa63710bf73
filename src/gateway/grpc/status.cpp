#include "grpc/status.hpp"

#include "pb/linnet.pb.h"

#include "linnet/api/errors.hpp"
#include "linnet/wire/websocket.hpp"

#include <algorithm>

namespace linnet::gateway {
namespace {

// github.com/grpc/grpc/blob/master/doc/statuscodes.md
int code_of(ErrCode code) {
  switch (code) {
    case ErrCode::kUnimplemented: return 12;
    case ErrCode::kServerBusy:
    case ErrCode::kShuttingDown: return 14;
    case ErrCode::kTimeout: return 4;
    case ErrCode::kRateLimited:
    case ErrCode::kTooLarge: return 8;
    default: return static_cast<int>(code);
  }
}

// A sentence may quote what a client sent: the details hold text, which clients refuse to read
// otherwise.
std::string as_text(std::string_view message) {
  std::string text(message);
  if (wire::is_utf8(text)) return text;
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > '~'; }, '?');
  return text;
}

}  // namespace

GrpcStatus grpc_status(const Error& error, std::string_view request_name) {
  GrpcStatus status;
  status.code = code_of(error.code());
  status.message = as_text(api::client_message(error));
  pb::ErrorInfo info;
  info.set_code(static_cast<int>(error.code()));
  info.set_reason(std::string(name(error.code())));
  info.set_request_id(std::string(request_name));
  pb::RpcStatus details;
  details.set_code(status.code);
  details.set_message(status.message);
  details.add_details()->PackFrom(info);
  status.details = details.SerializeAsString();
  return status;
}

GrpcStatus grpc_status(const api::Failure& failure) {
  GrpcStatus status;
  status.code = failure.code;
  status.message = failure.message;
  pb::RpcStatus details;
  details.set_code(failure.code);
  details.set_message(failure.message);
  for (const auto& detail : failure.details) {
    auto& any = *details.add_details();
    any.set_type_url("type.googleapis.com/" + detail.type);
    any.set_value(detail.value);
  }
  if (!failure.details.empty()) status.details = details.SerializeAsString();
  return status;
}

}  // namespace linnet::gateway
