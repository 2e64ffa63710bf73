#include "http/metrics.hpp"

#include "http/errors.hpp"

namespace linnet::gateway {

HttpResponse answer_metrics(const HttpRequest& request, const Refusals& refusals) {
  if (request.method != "GET") {
    auto refusal = short_error(Error(ErrCode::kMethodNotAllowed, "metrics are read with GET"), 405);
    refusal.headers.add("Allow", "GET");
    return refusal;
  }
  HttpResponse response(200);
  response.headers.add("Content-Type", "text/plain; version=0.0.4");
  response.headers.add("Cache-Control", "no-store");
  auto& text = response.body;
  text =
      "# HELP linnet_refused_total What was refused or cut for a limit's sake.\n"
      "# TYPE linnet_refused_total counter\n";
  for (std::size_t i = 0; i < kRefusals; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    text += "linnet_refused_total{limit=\"" + std::string(name(refusal)) + "\"} " +
            std::to_string(refusals.of(refusal)) + "\n";
  }
  return response;
}

}  // namespace linnet::gateway
