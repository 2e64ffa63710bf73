// /metrics, in Prometheus' text format.
#pragma once

#include "http/message.hpp"
#include "http/server.hpp"

#include "linnet/base/refusals.hpp"

namespace linnet::gateway {

HttpResponse answer_metrics(const HttpRequest& request, const Refusals& refusals,
                            const HttpOptions& options);

}  // namespace linnet::gateway
