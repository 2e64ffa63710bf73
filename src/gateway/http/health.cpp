#include "http/health.hpp"

#include "http/errors.hpp"

namespace linnet::gateway {
namespace {

std::string_view word(Health health) {
  switch (health) {
    case Health::kAlive: return "alive";
    case Health::kReady: return "ready";
    case Health::kDraining: break;
  }
  return "draining";
}

}  // namespace

HttpResponse answer_health(const HttpRequest& request, Health health) {
  if (request.method != "GET" && request.method != "HEAD") {
    auto refusal = short_error(Error(ErrCode::kMethodNotAllowed, "health is read with GET"), 405);
    refusal.headers.add("Allow", "GET, HEAD");
    return refusal;
  }
  HttpResponse response(health == Health::kDraining ? 503 : 200);
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  response.body = R"({"status":")" + std::string(word(health)) + "\"}\n";
  return response;
}

}  // namespace linnet::gateway
