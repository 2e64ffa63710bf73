#include "http/handshake.hpp"

#include "http/caller.hpp"
#include "http/encoding.hpp"
#include "http/errors.hpp"

#include "linnet/wire/websocket.hpp"

#include <algorithm>
#include <optional>

namespace linnet::gateway {
namespace {

constexpr std::string_view kProtocol = "linnet";
constexpr std::string_view kBearerProtocol = "bearer.";

HttpResponse bad_request(std::string message) {
  return short_error(Error(ErrCode::kBadRequest, std::move(message)), 400);
}

HttpResponse upgrade_required(std::string message) {
  auto response = short_error(Error(ErrCode::kBadRequest, std::move(message)), 426);
  response.headers.add("Upgrade", "websocket");
  response.headers.add("Sec-WebSocket-Version", "13");
  return response;
}

// Nothing when the request is a WebSocket handshake that we understand.
std::optional<HttpResponse> check_protocol(const HttpRequest& request) {
  const auto& headers = request.headers;
  if (request.method != "GET") {
    auto response =
        short_error(Error(ErrCode::kMethodNotAllowed, "a WebSocket is opened with GET"), 405);
    response.headers.add("Allow", "GET");
    return response;
  }
  if (request.version != 11) return bad_request("a WebSocket needs HTTP/1.1");
  if (!headers.has_token("Upgrade", "websocket") || !headers.has_token("Connection", "upgrade"))
    return upgrade_required("this is a WebSocket: send Upgrade: websocket, Connection: Upgrade");
  if (headers.count("Sec-WebSocket-Version") != 1 || headers.first("Sec-WebSocket-Version") != "13")
    return upgrade_required("Sec-WebSocket-Version: 13 is the only one");
  if (headers.count("Sec-WebSocket-Key") != 1 ||
      !wire::is_ws_key(*headers.first("Sec-WebSocket-Key")))
    return bad_request("Sec-WebSocket-Key: base64 of 16 bytes");
  if (!request.body.empty()) return bad_request("a handshake has no body");
  return std::nullopt;
}

struct Offer {
  bool linnet = false;
  std::optional<std::string_view> token;
};

Offer read_offer(const HttpHeaders& headers) {
  Offer offer;
  for (auto protocol : headers.list("Sec-WebSocket-Protocol")) {
    if (protocol == kProtocol) offer.linnet = true;
    if (!offer.token && protocol.starts_with(kBearerProtocol))
      offer.token = protocol.substr(kBearerProtocol.size());
  }
  return offer;
}

// An id of the query: nothing when it is there but no number.
Result<std::int64_t> read_id(const Query& query, std::string_view name) {
  auto text = query.get(name);
  if (!text || text->empty()) return Error(ErrCode::kBadRequest, std::string(name) + ": missing");
  auto value = parse_decimal(*text);
  if (!value) return Error(ErrCode::kBadRequest, std::string(name) + ": a decimal number");
  return *value;
}

HttpResponse accept(const HttpHeaders& headers, bool linnet) {
  HttpResponse response(101);
  response.headers.add("Upgrade", "websocket");
  response.headers.add("Connection", "Upgrade");
  response.headers.add("Sec-WebSocket-Accept",
                       wire::ws_accept(*headers.first("Sec-WebSocket-Key")));
  if (linnet) response.headers.add("Sec-WebSocket-Protocol", kProtocol);
  return response;
}

}  // namespace

Result<user::Credentials> connection_credentials(const Query& query, const HttpHeaders& headers,
                                                 std::optional<std::string_view> offered) {
  auto token = query.get("token");
  if (!token) token = bearer_token(headers);
  if (!token) token = offered;
  const bool has_ids = query.get("user_id") || query.get("device_id");
  if (token && !has_ids) {
    if (auto named = user::parse_token(*token)) return std::move(*named);
  }
  auto user = read_id(query, "user_id");
  if (!user) return user.take_error();
  auto device = read_id(query, "device_id");
  if (!device) return device.take_error();
  if (!token || token->empty()) return Error(ErrCode::kBadRequest, "token: missing");
  user::Credentials credentials;
  credentials.user = UserId(*user);
  credentials.device = DeviceId(*device);
  credentials.token = *token;
  return credentials;
}

std::variant<Handshake, HttpResponse> read_handshake(const HttpRequest& request,
                                                     const std::vector<std::string>& allowed) {
  if (auto refusal = check_protocol(request)) return std::move(*refusal);
  if (judge_origin(request.headers, allowed) == Origin::kForeign)
    return short_error(
        Error(ErrCode::kBadRequest,
              "pages of this origin may not connect; the server's operator can allow it"),
        403);
  auto query = Query::parse(split_target(request.target).query);
  if (!query) return bad_request("the query is not percent-encoded rightly");
  auto offer = read_offer(request.headers);
  if (offer.token && !offer.linnet)
    return bad_request("Sec-WebSocket-Protocol: offer linnet beside the bearer token");

  Handshake handshake;
  auto credentials = connection_credentials(*query, request.headers, offer.token);
  if (!credentials) return bad_request(credentials.error().message());
  handshake.credentials = std::move(*credentials);
  if (!query->get("request_id").value_or("").empty()) {
    auto id = read_id(*query, "request_id");
    if (!id) return bad_request(id.error().message());
    handshake.request_id = *id;
  }
  auto format = query->get("format").value_or("");
  if (format != "json" && format != "proto" && !format.empty())
    return bad_request("format: json or proto");
  handshake.text = format == "json";
  handshake.accepted = accept(request.headers, offer.linnet);
  return handshake;
}

HttpResponse refuse_handshake(const Error& error) {
  return short_error(error, api::error_form(error.code()).http_status);
}

}  // namespace linnet::gateway
