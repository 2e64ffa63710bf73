// /metrics: what was refused for a limit's sake, in Prometheus' text format.
#pragma once

#include "http/message.hpp"

#include "linnet/base/refusals.hpp"

namespace linnet::gateway {

HttpResponse answer_metrics(const HttpRequest& request, const Refusals& refusals);

}  // namespace linnet::gateway
