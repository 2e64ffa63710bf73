// /metrics: what was refused for a limit's sake and how long commits took, in Prometheus' text
// format.
#pragma once

#include "http/message.hpp"

#include "linnet/base/durations.hpp"
#include "linnet/base/refusals.hpp"

namespace linnet::gateway {

HttpResponse answer_metrics(const HttpRequest& request, const Refusals& refusals,
                            const Durations* commits);

}  // namespace linnet::gateway
