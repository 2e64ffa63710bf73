#include "http/documents.hpp"

#include "http/errors.hpp"

#include "linnet/api/reference.hpp"

namespace linnet::gateway {
namespace {

HttpResponse answer(const HttpRequest& request, const char* type, std::string_view bytes) {
  if (request.method != "GET" && request.method != "HEAD") {
    auto refusal = short_error(Error(ErrCode::kMethodNotAllowed, "this is read with GET"), 405);
    refusal.headers.add("Allow", "GET, HEAD");
    return refusal;
  }
  HttpResponse response(200);
  response.headers.add("Content-Type", type);
  response.headers.add("Cache-Control", "no-cache");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.lasting = bytes;
  return response;
}

}  // namespace

std::optional<HttpResponse> answer_document(const HttpRequest& request, std::string_view path) {
  if (path == "/openapi.json") return answer(request, "application/json", api::openapi_document());
  if (path == "/descriptor.binpb")
    return answer(request, "application/octet-stream", api::descriptor_set());
  return std::nullopt;
}

}  // namespace linnet::gateway
