#include "http/cors.hpp"

#include "http/caller.hpp"

namespace linnet::gateway {

void add_cors(const HttpRequest& request, const std::vector<std::string>& allowed,
              HttpResponse& response) {
  response.headers.add("Vary", "Origin");
  if (judge_origin(request.headers, allowed) != Origin::kAllowed) return;
  response.headers.add("Access-Control-Allow-Origin", *request.headers.first("Origin"));
  response.headers.add("Access-Control-Expose-Headers",
                       "X-Request-Id, Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin, "
                       "Grpc-Encoding, Connect-Content-Encoding");
  if (request.method != "OPTIONS") return;
  response.headers.add("Access-Control-Allow-Methods", "GET, POST");
  response.headers.add(
      "Access-Control-Allow-Headers",
      "Content-Type, Connect-Protocol-Version, Connect-Timeout-Ms, Connect-Accept-Encoding, "
      "Connect-Content-Encoding, Content-Encoding, Grpc-Timeout, Grpc-Encoding, "
      "Grpc-Accept-Encoding, X-Grpc-Web, X-User-Agent, Last-Event-ID, Authorization, "
      "X-Request-Id, X-User-Id, X-Device-Id, X-Token, user_id, device_id, token, request_id");
  response.headers.add("Access-Control-Max-Age", "7200");
}

}  // namespace linnet::gateway
