#include "http/health.hpp"

#include "http/errors.hpp"

#include <nlohmann/json.hpp>

namespace linnet::gateway {
namespace {

std::string_view word(Health health) {
  switch (health) {
    case Health::kAlive: return "alive";
    case Health::kReady: return "ready";
    case Health::kTrouble: return "trouble";
    case Health::kDraining: break;
  }
  return "draining";
}

}  // namespace

HttpResponse answer_health(const HttpRequest& request, Health health, const std::string& why) {
  if (request.method != "GET" && request.method != "HEAD") {
    auto refusal = short_error(Error(ErrCode::kMethodNotAllowed, "health is read with GET"), 405);
    refusal.headers.add("Allow", "GET, HEAD");
    return refusal;
  }
  HttpResponse response(health == Health::kDraining || health == Health::kTrouble ? 503 : 200);
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  nlohmann::ordered_json body{{"status", word(health)}};
  if (!why.empty()) body["why"] = why;
  response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return response;
}

}  // namespace linnet::gateway
