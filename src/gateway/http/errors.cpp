#include "http/errors.hpp"

#include "http/encoding.hpp"
#include "pb/linnet.pb.h"

#include <nlohmann/json.hpp>

#include <array>

namespace linnet::gateway {
namespace {

using Json = nlohmann::ordered_json;

// connectrpc.com/docs/protocol, "Error codes", by gRPC's number.
constexpr std::array<api::ErrorForm, 17> kForms{{{"", 200},
                                                 {"canceled", 499},
                                                 {"unknown", 500},
                                                 {"invalid_argument", 400},
                                                 {"deadline_exceeded", 504},
                                                 {"not_found", 404},
                                                 {"already_exists", 409},
                                                 {"permission_denied", 403},
                                                 {"resource_exhausted", 429},
                                                 {"failed_precondition", 400},
                                                 {"aborted", 409},
                                                 {"out_of_range", 400},
                                                 {"unimplemented", 501},
                                                 {"internal", 500},
                                                 {"unavailable", 503},
                                                 {"data_loss", 500},
                                                 {"unauthenticated", 401}}};

void set_json(HttpResponse& response, std::string body) {
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.body = std::move(body);
}

// A reason may quote what the client sent: what is no UTF-8 must not throw here.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string error_body(const Error& error, std::string_view request_name, api::ErrorForm form) {
  pb::ErrorInfo info;
  info.set_code(static_cast<std::int32_t>(error.code()));
  info.set_reason(std::string(name(error.code())));
  info.set_request_id(std::string(request_name));

  Json debug;
  debug["code"] = info.code();
  debug["reason"] = info.reason();
  debug["requestId"] = info.request_id();
  Json detail;
  detail["type"] = "pb.ErrorInfo";
  detail["value"] = base64_encode(info.SerializeAsString(), false);
  detail["debug"] = std::move(debug);
  Json body;
  body["code"] = form.connect_code;
  body["message"] = api::client_message(error);
  body["details"] = Json::array();
  body["details"].push_back(std::move(detail));
  return dump(body);
}

}  // namespace

HttpResponse connect_error(const Error& error, std::string_view request_name) {
  return connect_error(error, request_name, api::error_form(error.code()));
}

HttpResponse connect_error(const Error& error, std::string_view request_name, api::ErrorForm form) {
  HttpResponse response(form.http_status);
  set_json(response, error_body(error, request_name, form));
  if (!request_name.empty()) response.headers.add("X-Request-Id", request_name);
  return response;
}

HttpResponse connect_error(const api::Failure& failure) {
  const auto& form = kForms.at(static_cast<std::size_t>(failure.code));
  Json body;
  body["code"] = form.connect_code;
  if (!failure.message.empty()) body["message"] = failure.message;
  for (const auto& detail : failure.details)
    body["details"].push_back(
        {{"type", detail.type}, {"value", base64_encode(detail.value, false)}});
  HttpResponse response(form.http_status);
  set_json(response, dump(body));
  return response;
}

std::string connect_error_body(const Error& error, std::string_view request_name) {
  return error_body(error, request_name, api::error_form(error.code()));
}

std::string short_error_body(const Error& error) {
  Json body;
  body["code"] = static_cast<std::int32_t>(error.code());
  body["message"] = api::client_message(error);
  return dump(body);
}

HttpResponse short_error(const Error& error, int status) {
  HttpResponse response(status);
  set_json(response, short_error_body(error));
  response.refused = true;
  return response;
}

}  // namespace linnet::gateway
