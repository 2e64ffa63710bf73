// The errors of the server's HTTP door, as Error values.
#pragma once

#include "linnet/base/error.hpp"

#include <string_view>

namespace linnet::client {

// Of a call: {"code":"…","message":"…","details":[{"type":"pb.ErrorInfo","value":"<base64>"}]}.
// A body that is none of ours (a proxy's, say) is judged by its HTTP status.
Error read_connect_error(int http_status, std::string_view body);
// Of a refused WebSocket: {"code":1003,"message":"…"}.
Error read_short_error(int http_status, std::string_view body);

}  // namespace linnet::client
