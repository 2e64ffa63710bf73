#include "http/call_door.hpp"

#include "http/caller.hpp"
#include "http/cors.hpp"
#include "http/errors.hpp"

namespace linnet::gateway {

namespace asio = boost::asio;

namespace {

constexpr api::ErrorForm kNoSuchDoor{"unimplemented", 404};
constexpr api::ErrorForm kForbidden{"permission_denied", 403};

Reply refusal(HttpResponse response) {
  response.refused = true;
  return Reply(std::move(response));
}

}  // namespace

asio::awaitable<Reply> CallDoor::handle(const HttpRequest& request) {
  auto request_id = request_name(request.headers);
  Reply reply = co_await answer(request, request_id);
  auto& response = reply.response;
  if (response.headers.count("X-Request-Id") == 0) {
    response.headers.add("X-Request-Id", request_id);
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("X-Content-Type-Options", "nosniff");
  }
  add_cors(request, options_.allowed_origins, response);
  co_return reply;
}

asio::awaitable<Reply> CallDoor::answer(const HttpRequest& request, const std::string& name) {
  auto path = split_target(request.target).path;
  const auto* method = api_.table().find(path);
  if (method == nullptr) {
    Error error(ErrCode::kUnimplemented,
                "there is no " + std::string(path.substr(0, 128)) +
                    " here; calls go to /pb.Service/Method, such as /pb.LogicExt/SendMessage");
    if (const auto* form = grpc_web_form(request))
      co_return Reply(grpc_web_error(*form, error, name));
    co_return refusal(connect_error(error, name, kNoSuchDoor));
  }
  auto origin = judge_origin(request.headers, options_.allowed_origins);
  if (origin == Origin::kForeign && request.method != "GET") {
    Error error(ErrCode::kBadRequest,
                "pages of this origin may not call here; the server's operator can allow it");
    co_return refusal(connect_error(error, name, kForbidden));
  }
  const bool preflight = request.method == "OPTIONS" && origin != Origin::kNone;
  if (preflight && !request.body.empty()) co_return refusal(HttpResponse(204));
  if (preflight) {
    HttpResponse allowed(204);
    allowed.unrated = true;
    co_return Reply(std::move(allowed));
  }
  if (method->server_streaming) co_return co_await streams_.receive(*method, request, name);
  Reply reply;
  if (const auto* form = grpc_web_form(request)) {
    reply.response = co_await grpc_web_.answer(*method, request, *form, name);
  } else {
    reply.response = co_await connect_.answer(*method, request, name);
  }
  co_return reply;
}

}  // namespace linnet::gateway
