// /healthz and /readyz, for supervisors and load balancers.
#pragma once

#include "http/message.hpp"

#include <string>

namespace linnet::gateway {

enum class Health { kAlive, kReady, kDraining, kTrouble };

// {"status":"alive"} and so on; 503 while draining or in trouble, of which `why` tells. GET and
// HEAD (whose body the caller leaves out).
HttpResponse answer_health(const HttpRequest& request, Health health, const std::string& why = {});

}  // namespace linnet::gateway
