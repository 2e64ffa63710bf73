#include "http/stream_door.hpp"

#include "http/caller.hpp"
#include "http/compression.hpp"
#include "http/cors.hpp"
#include "http/encoding.hpp"
#include "http/envelope.hpp"
#include "http/errors.hpp"
#include "http/grpc_web.hpp"
#include "http/handshake.hpp"
#include "http/item_stream.hpp"
#include "http/timed_call.hpp"
#include "pb/conn.ext.pb.h"

#include <algorithm>

namespace linnet::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::string_view kReceive = "/pb.LogicExt/Receive";
constexpr std::string_view kConnectJson = "application/connect+json";
constexpr std::string_view kConnectProto = "application/connect+proto";

// The form that a request's content type asks for, and the type of the response.
struct Asked {
  StreamForm form;
  std::string_view type;
};

std::optional<Asked> asked_form(const HttpRequest& request) {
  Asked asked;
  asked.form.chunked = request.version == 11;
  if (const auto* web = grpc_web_form(request)) {
    asked.form.protocol = StreamProtocol::kGrpcWeb;
    asked.form.codec = web->codec;
    asked.form.text = web->text;
    asked.type = web->answered;
    return asked;
  }
  auto header = request.headers.first("Content-Type");
  auto type = header ? media_type(*header) : std::nullopt;
  if (type != kConnectJson && type != kConnectProto) return std::nullopt;
  asked.form.protocol = StreamProtocol::kConnect;
  asked.form.codec = type == kConnectJson ? Codec::kPlainJson : Codec::kProto;
  asked.type = type == kConnectJson ? kConnectJson : kConnectProto;
  return asked;
}

// What keeps proxies and caches from holding a stream back.
void set_stream_headers(HttpResponse& response, std::string_view type) {
  response.headers.add("Content-Type", type);
  response.headers.add("X-Accel-Buffering", "no");
}

// A whole body that is nothing but the end of a stream.
Reply ended_at_once(StreamForm form, std::string_view type, const Error& why,
                    const std::string& name) {
  form.chunked = false;  // its length is known
  Reply reply;
  reply.response.headers.add("Content-Type", type);
  reply.response.refused = true;
  ItemStream(form, name).end(why, reply.response.body);
  return reply;
}

Status read_request(const HttpRequest& request, const Asked& asked, std::size_t limit,
                    pb::SyncInput& input) {
  std::size_t unpacked = 0;
  if (asked.form.protocol == StreamProtocol::kGrpcWeb)
    return read_grpc_web(request, *grpc_web_form(request), limit, input, unpacked);
  if (request.headers.first("Connect-Protocol-Version").value_or("1") != "1")
    return Error(ErrCode::kBadRequest, "Connect-Protocol-Version: 1 is the only one");
  auto compressed = is_gzip(request.headers, "Connect-Content-Encoding");
  if (!compressed) return compressed.take_error();
  return read_envelope(asked.form.codec, request.body, *compressed, limit, input, unpacked);
}

}  // namespace

struct StreamDoor::Opening {
  Opening() = default;

  api::Call call;
  Seq after;
  std::optional<std::chrono::milliseconds> timeout;
};

asio::awaitable<Reply> StreamDoor::receive(const api::Method& method, const HttpRequest& request,
                                           const std::string& name) {
  Reply reply;
  if (request.method != "POST") {
    reply.response =
        connect_error(Error(ErrCode::kMethodNotAllowed, "a stream is opened with POST"), name);
    reply.response.refused = true;
    reply.response.headers.add("Allow", "POST");
    co_return reply;
  }
  auto asked = asked_form(request);
  if (!asked) {
    Error error(ErrCode::kUnsupportedMedia,
                "this is a stream: use Content-Type application/connect+json or "
                "application/connect+proto with the request in a frame; with curl: GET /events");
    reply.response = connect_error(error, name);
    reply.response.refused = true;
    reply.response.headers.add("Accept-Post",
                               "application/connect+json, application/connect+proto");
    co_return reply;
  }
  auto opening = open(method, request);
  if (!opening) co_return ended_at_once(asked->form, asked->type, opening.error(), name);
  auto caller = co_await api_.admit(method, opening->call);
  if (!caller) co_return ended_at_once(asked->form, asked->type, caller.error(), name);
  auto after = read_start(request);
  if (!after) co_return ended_at_once(asked->form, asked->type, after.error(), name);

  set_stream_headers(reply.response, asked->type);
  reply.response.streamed = true;
  auto& stream = reply.stream.emplace();
  stream.form = asked->form;
  stream.identity = caller->identity;
  stream.after = *after;
  stream.timeout = opening->timeout;
  stream.request_name = name;
  co_return reply;
}

Result<StreamDoor::Opening> StreamDoor::open(const api::Method& method,
                                             const HttpRequest& request) const {
  if (method.path != kReceive) return Error(ErrCode::kUnimplemented);
  const auto asked = *asked_form(request);
  Opening opening;
  auto timeout = asked.form.protocol == StreamProtocol::kGrpcWeb ? grpc_timeout(request.headers)
                                                                 : connect_timeout(request.headers);
  if (!timeout) return timeout.take_error();
  opening.timeout = *timeout;
  auto call = call_of(request);
  if (!call) return call.take_error();
  opening.call = std::move(*call);
  return opening;
}

Result<Seq> StreamDoor::read_start(const HttpRequest& request) const {
  pb::SyncInput input;
  // A number takes no more, and its bytes are not charged for.
  const auto limit = std::min(options_.body_bytes, options_.unproved_bytes);
  auto read = read_request(request, *asked_form(request), limit, input);
  if (!read) return read.take_error();
  if (input.seq() < 0) return Error(ErrCode::kBadRequest, "seq: 0 or more");
  return Seq(input.seq());
}

asio::awaitable<Reply> StreamDoor::events(const HttpRequest& request) {
  Reply reply;
  const auto origin = judge_origin(request.headers, options_.allowed_origins);
  const auto* method = api_.table().find(kReceive);
  if (origin == Origin::kForeign) {
    reply.response = short_error(
        Error(ErrCode::kBadRequest,
              "pages of this origin may not listen; the server's operator can allow it"),
        403);
  } else if (method == nullptr) {
    reply.response = short_error(Error(ErrCode::kUnimplemented), 404);
  } else if (request.method == "OPTIONS" && origin != Origin::kNone) {
    reply.response = HttpResponse(204);
  } else if (request.method != "GET") {
    reply.response =
        short_error(Error(ErrCode::kMethodNotAllowed, "events are read with GET"), 405);
    reply.response.headers.add("Allow", "GET");
  } else {
    auto opening = open_events(request);
    Result<user::Caller> caller = Error(ErrCode::kServerUnknown);
    if (opening) {
      caller = co_await api_.admit(*method, opening->call);
    } else {
      caller = opening.take_error();
    }
    if (caller) {
      set_stream_headers(reply.response, "text/event-stream");
      reply.response.headers.add("Cache-Control", "no-store");
      reply.response.streamed = true;
      auto& stream = reply.stream.emplace();
      stream.form.chunked = request.version == 11;
      stream.identity = caller->identity;
      stream.after = opening->after;
    } else {
      reply.response = refuse_handshake(caller.error());
    }
  }
  add_cors(request, options_.allowed_origins, reply.response);
  co_return reply;
}

Result<StreamDoor::Opening> StreamDoor::open_events(const HttpRequest& request) const {
  auto query = Query::parse(split_target(request.target).query);
  if (!query) return Error(ErrCode::kBadRequest, "the query is not percent-encoded rightly");
  Opening opening;
  // Who connects again has the URL of its first connection, so that the header knows better.
  auto after = request.headers.first("Last-Event-ID");
  if (!after || after->empty()) after = query->get("seq");
  auto seq = after && !after->empty() ? parse_decimal(*after) : 0;
  if (!seq || *seq < 0)
    return Error(ErrCode::kBadRequest, "seq and Last-Event-ID: a number, 0 or more");
  opening.after = Seq(*seq);
  auto credentials = connection_credentials(*query, request.headers, std::nullopt);
  if (!credentials) return credentials.take_error();
  opening.call.credentials = std::move(*credentials);
  opening.call.address = request.address;
  return opening;
}

}  // namespace linnet::gateway
