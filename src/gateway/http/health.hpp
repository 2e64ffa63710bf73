// /healthz and /readyz, for supervisors and load balancers.
#pragma once

#include "http/message.hpp"

namespace linnet::gateway {

enum class Health { kAlive, kReady, kDraining };

// {"status":"alive"} and so on; 503 while draining. GET and HEAD (whose body the caller leaves
// out).
HttpResponse answer_health(const HttpRequest& request, Health health);

}  // namespace linnet::gateway
