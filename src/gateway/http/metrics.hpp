// /metrics: what was refused for a limit's sake, how long commits took, and memory, in Prometheus'
// text format.
#pragma once

#include "http/message.hpp"

#include "linnet/base/durations.hpp"
#include "linnet/base/refusals.hpp"
#include "linnet/gateway/gateway.hpp"

#include <functional>

namespace linnet::gateway {

HttpResponse answer_metrics(const HttpRequest& request, const Refusals& refusals,
                            const Durations* commits, const std::function<MemoryUse()>& memory);

}  // namespace linnet::gateway
