// A call that a door of HTTP has read, and its carrying out within the client's deadline.
#pragma once

#include "http/message.hpp"

#include "linnet/api/methods.hpp"
#include "linnet/base/log.hpp"

#include <chrono>
#include <optional>

namespace linnet::gateway {

struct TimedCall {
  TimedCall() = default;

  const api::Method* method = nullptr;
  api::ReadRequest read;  // not called after carry_out() has answered
  api::Call call;
  std::optional<std::chrono::milliseconds> timeout;
};

// For a method that sees more than its message: gives it what the request had. After that the
// call's timeout and method are not changed any more.
void begin_exchange(const HttpRequest& request, TimedCall& call);

// Notes in `done` whether the call's request was read: if not, the door refused it. `done` outlives
// carry_out().
void note_reading(TimedCall& call, bool& done);

// The deadline of Connect-Timeout-Ms, or of Grpc-Timeout (whose units below a millisecond count as
// one); nothing without the header. Error: kBadRequest.
Result<std::optional<std::chrono::milliseconds>> connect_timeout(const HttpHeaders& headers);
Result<std::optional<std::chrono::milliseconds>> grpc_timeout(const HttpHeaders& headers);

// Error: kTimeout, and those of the call. A deadline ends the waiting only: what was begun is
// carried out. `api` and `log` outlive the work.
Async<api::MessagePtr> carry_out(api::Api& api, Logger& log, TimedCall call);

}  // namespace linnet::gateway
