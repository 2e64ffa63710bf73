#include "http/connect.hpp"

#include "http/encoding.hpp"
#include "http/errors.hpp"

#include "linnet/wire/json.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <google/protobuf/message.h>

#include <optional>

namespace linnet::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kTimeoutDigits = 10;
constexpr api::ErrorForm kNotFound{"unimplemented", 404};
constexpr api::ErrorForm kForbidden{"permission_denied", 403};

enum class Codec { kJson, kProto };

std::string_view content_type(Codec codec) {
  return codec == Codec::kJson ? "application/json" : "application/proto";
}

std::string_view strip(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t'))
    text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t'))
    text.remove_suffix(1);
  return text;
}

// Parameters other than charset say nothing to us; a charset must be UTF-8.
std::optional<Codec> codec_of(std::string_view header) {
  auto semicolon = header.find(';');
  auto type = strip(header.substr(0, semicolon));
  while (semicolon != std::string_view::npos) {
    header.remove_prefix(semicolon + 1);
    semicolon = header.find(';');
    auto parameter = strip(header.substr(0, semicolon));
    constexpr std::string_view kCharset = "charset=";
    if (!equals_ignoring_case(parameter.substr(0, kCharset.size()), kCharset)) continue;
    auto charset = parameter.substr(kCharset.size());
    if (!equals_ignoring_case(charset, "utf-8") && !equals_ignoring_case(charset, "\"utf-8\""))
      return std::nullopt;
  }
  if (equals_ignoring_case(type, "application/json")) return Codec::kJson;
  if (equals_ignoring_case(type, "application/proto")) return Codec::kProto;
  return std::nullopt;
}

Result<std::optional<std::chrono::milliseconds>> timeout_of(const HttpHeaders& headers) {
  std::optional<std::chrono::milliseconds> none;
  auto text = headers.first("Connect-Timeout-Ms");
  if (!text) return none;
  auto value = parse_decimal(*text);
  if (!value || *value < 0 || text->front() == '-' || text->size() > kTimeoutDigits)
    return Error(ErrCode::kBadRequest, "Connect-Timeout-Ms: milliseconds, at most 10 digits");
  return std::optional(std::chrono::milliseconds(*value));
}

Error unsupported_encoding(std::string_view encoding) {
  return Error(ErrCode::kUnimplemented, "the encoding \"" + std::string(encoding.substr(0, 64)) +
                                            "\" is not supported; use identity");
}

Status parse(Codec codec, std::string_view bytes, google::protobuf::Message& message) {
  if (codec == Codec::kJson) {
    if (strip(bytes).empty())
      return Error(ErrCode::kBadRequest, "the body is empty; send a JSON object, at least {}");
    return wire::from_json(bytes, message);
  }
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Error(ErrCode::kBadRequest,
                 "the bytes are no valid " + message.GetDescriptor()->full_name());
  return success();
}

}  // namespace

struct ConnectDoor::Prepared {
  Prepared() = default;

  const api::Method* method = nullptr;
  Codec codec = Codec::kJson;
  api::MessagePtr message;
  api::Call call;
  std::optional<std::chrono::milliseconds> timeout;
};

// A call with a deadline: shared by the one who waits and the work, whoever ends last.
struct ConnectDoor::Pending {
  Pending(const asio::any_io_executor& executor, Prepared what)
      : prepared(std::move(what)), timer(executor) {}

  Prepared prepared;
  asio::steady_timer timer;
  std::optional<Result<api::MessagePtr>> answer;
};

asio::awaitable<HttpResponse> ConnectDoor::handle(const HttpRequest& request) {
  auto request_id = request_name(request.headers);
  HttpResponse response = co_await answer(request, request_id);
  if (response.headers.count("X-Request-Id") == 0) {
    response.headers.add("X-Request-Id", request_id);
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("X-Content-Type-Options", "nosniff");
  }
  add_cors(request, response);
  co_return response;
}

void ConnectDoor::add_cors(const HttpRequest& request, HttpResponse& response) const {
  response.headers.add("Vary", "Origin");
  if (judge_origin(request.headers, options_.allowed_origins) != Origin::kAllowed) return;
  response.headers.add("Access-Control-Allow-Origin", *request.headers.first("Origin"));
  response.headers.add("Access-Control-Expose-Headers", "X-Request-Id");
  if (request.method != "OPTIONS") return;
  response.headers.add("Access-Control-Allow-Methods", "GET, POST");
  response.headers.add("Access-Control-Allow-Headers",
                       "Content-Type, Connect-Protocol-Version, Connect-Timeout-Ms, X-User-Agent, "
                       "Authorization, X-Request-Id, X-User-Id, X-Device-Id, X-Token, user_id, "
                       "device_id, token, request_id");
  response.headers.add("Access-Control-Max-Age", "7200");
}

asio::awaitable<HttpResponse> ConnectDoor::answer(const HttpRequest& request,
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
  const bool preflight = request.method == "OPTIONS" && origin != Origin::kNone;
  if (origin == Origin::kForeign && request.method != "GET") {
    Error error(ErrCode::kBadRequest,
                "pages of this origin may not call here; the server's operator can allow it");
    co_return connect_error(error, name, kForbidden);
  }
  if (preflight) co_return HttpResponse(204);

  auto prepared = prepare(*method, request);
  if (!prepared) {
    auto response = connect_error(prepared.error(), name);
    if (prepared.code() == ErrCode::kMethodNotAllowed)
      response.headers.add("Allow", method->no_side_effects ? "GET, POST" : "POST");
    if (prepared.code() == ErrCode::kUnsupportedMedia)
      response.headers.add("Accept-Post", "application/json, application/proto");
    co_return response;
  }
  auto codec = prepared->codec;
  Result<api::MessagePtr> result = co_await carry_out(std::move(*prepared));
  if (!result) co_return connect_error(result.error(), name);

  HttpResponse response(200);
  response.headers.add("Content-Type", content_type(codec));
  response.body = codec == Codec::kJson ? wire::to_json(**result) : (*result)->SerializeAsString();
  co_return response;
}

Result<ConnectDoor::Prepared> ConnectDoor::prepare(const api::Method& method,
                                                   const HttpRequest& request) const {
  Prepared prepared;
  prepared.method = &method;
  prepared.message = method.new_request();

  auto timeout = timeout_of(request.headers);
  if (!timeout) return timeout.take_error();
  prepared.timeout = *timeout;
  auto read = read_message(request, prepared);
  if (!read) return read.take_error();
  auto credentials = call_credentials(request.headers);
  if (!credentials) return credentials.take_error();
  prepared.call.credentials = std::move(*credentials);
  prepared.call.request_id = retry_id(request.headers);
  prepared.call.address = request.address;
  return prepared;
}

Status ConnectDoor::read_message(const HttpRequest& request, Prepared& prepared) const {
  if (request.method == "GET" && prepared.method->no_side_effects)
    return read_query(split_target(request.target).query, prepared);
  if (request.method != "POST")
    return Error(ErrCode::kMethodNotAllowed,
                 prepared.method->no_side_effects
                     ? "use POST with a body, or GET with ?encoding=json&message=%7B%7D"
                     : "use POST; with curl: --json '{}'");

  auto type = request.headers.first("Content-Type");
  auto codec = type ? codec_of(*type) : std::nullopt;
  if (!codec)
    return Error(ErrCode::kUnsupportedMedia,
                 "use Content-Type application/json or application/proto; with curl: --json "
                 "'{}' instead of -d");
  prepared.codec = *codec;
  for (auto encoding : request.headers.list("Content-Encoding"))
    if (!equals_ignoring_case(encoding, "identity")) return unsupported_encoding(encoding);
  if (request.body.size() > options_.body_bytes)
    return Error(ErrCode::kTooLarge,
                 "a request has at most " + std::to_string(options_.body_bytes) + " bytes");
  return parse(prepared.codec, request.body, *prepared.message);
}

Status ConnectDoor::read_query(std::string_view text, Prepared& prepared) const {
  auto query = Query::parse(text);
  if (!query) return Error(ErrCode::kBadRequest, "the query is not percent-encoded rightly");
  if (query->get("connect").value_or("v1") != "v1")
    return Error(ErrCode::kBadRequest, "connect: v1 is the only version");
  auto encoding = query->get("encoding").value_or("");
  if (encoding != "json" && encoding != "proto")
    return Error(ErrCode::kUnsupportedMedia, "encoding: json or proto");
  prepared.codec = encoding == "json" ? Codec::kJson : Codec::kProto;
  auto compression = query->get("compression").value_or("identity");
  if (compression != "identity" && !compression.empty()) return unsupported_encoding(compression);
  auto message = query->get("message");
  if (!message)
    return Error(ErrCode::kBadRequest, "message: missing; the request, percent-encoded");
  if (query->get("base64").value_or("") != "1")
    return parse(prepared.codec, *message, *prepared.message);
  auto bytes = base64_decode(*message);
  if (!bytes) return Error(ErrCode::kBadRequest, "message: no valid base64");
  return parse(prepared.codec, *bytes, *prepared.message);
}

Async<api::MessagePtr> ConnectDoor::carry_out(Prepared prepared) {
  if (!prepared.timeout) {
    Result<api::MessagePtr> answer =
        co_await api_.call(*prepared.method, prepared.call, *prepared.message);
    co_return answer;
  }
  auto executor = co_await asio::this_coro::executor;
  auto pending = std::make_shared<Pending>(executor, std::move(prepared));
  pending->timer.expires_after(*pending->prepared.timeout);
  auto completed = [pending, &log = log_](std::exception_ptr failure,
                                          Result<api::MessagePtr> answer) {
    if (failure) log.error("call_threw", {{"method", pending->prepared.method->path}});
    pending->answer = std::move(answer);
    pending->timer.cancel();
  };
  asio::co_spawn(executor, run(api_, pending), std::move(completed));
  if (!pending->answer) {
    constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
    co_await pending->timer.async_wait(kToken);
  }
  if (!pending->answer) co_return Error(ErrCode::kTimeout);
  co_return std::move(*pending->answer);
}

Async<api::MessagePtr> ConnectDoor::run(api::Api& api, std::shared_ptr<Pending> pending) {
  const auto& what = pending->prepared;
  Result<api::MessagePtr> answer = co_await api.call(*what.method, what.call, *what.message);
  co_return answer;
}

}  // namespace linnet::gateway
