// The answer to a request, and what becomes of its socket afterwards.
#pragma once

#include "http/message.hpp"
#include "http/stream_form.hpp"

#include <optional>

namespace linnet::gateway {

struct Reply {
  Reply() = default;
  explicit Reply(HttpResponse answer) : response(std::move(answer)) {}

  HttpResponse response;
  std::optional<user::Identity> upgraded;  // a WebSocket begins
  bool text = false;
  std::int64_t request_id = 0;
  std::optional<StreamStart> stream;  // the response's body is this device's messages
};

}  // namespace linnet::gateway
