#include "http/call_door.hpp"

#include "http/caller.hpp"
#include "http/cors.hpp"
#include "http/errors.hpp"

namespace linnet::gateway {

namespace asio = boost::asio;

namespace {

constexpr api::ErrorForm kNotFound{"unimplemented", 404};
constexpr api::ErrorForm kForbidden{"permission_denied", 403};

}  // namespace

asio::awaitable<HttpResponse> CallDoor::handle(const HttpRequest& request) {
  auto request_id = request_name(request.headers);
  HttpResponse response = co_await answer(request, request_id);
  if (response.headers.count("X-Request-Id") == 0) {
    response.headers.add("X-Request-Id", request_id);
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("X-Content-Type-Options", "nosniff");
  }
  add_cors(request, options_.allowed_origins, response);
  co_return response;
}

asio::awaitable<HttpResponse> CallDoor::answer(const HttpRequest& request,
                                               const std::string& name) {
  auto path = split_target(request.target).path;
  const auto* method = api_.table().find(path);
  if (method == nullptr) {
    Error error(ErrCode::kUnimplemented,
                "there is no " + std::string(path.substr(0, 128)) +
                    " here; calls go to /pb.Service/Method, such as /pb.LogicExt/SendMessage");
    co_return connect_error(error, name, kNotFound);
  }
  auto origin = judge_origin(request.headers, options_.allowed_origins);
  if (origin == Origin::kForeign && request.method != "GET") {
    Error error(ErrCode::kBadRequest,
                "pages of this origin may not call here; the server's operator can allow it");
    co_return connect_error(error, name, kForbidden);
  }
  const bool preflight = request.method == "OPTIONS" && origin != Origin::kNone;
  if (preflight) co_return HttpResponse(204);
  if (GrpcWebDoor::speaks(request)) co_return co_await grpc_web_.answer(*method, request, name);
  co_return co_await connect_.answer(*method, request, name);
}

}  // namespace linnet::gateway
