// How an ErrCode looks at each door: one table for Connect, HTTP and gRPC.
#pragma once

#include "linnet/base/error.hpp"

#include <string_view>

namespace linnet::api {

struct ErrorForm {
  std::string_view connect_code;  // connectrpc.com/docs/protocol, "Error codes"
  int http_status = 500;
};

// Thread: any.
ErrorForm error_form(ErrCode code);
// What a client is shown: the error's own sentence, or the code's.
std::string_view client_message(const Error& error);

}  // namespace linnet::api
