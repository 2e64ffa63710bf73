#include "http/connect.hpp"

#include "http/caller.hpp"
#include "http/compression.hpp"
#include "http/encoding.hpp"
#include "http/errors.hpp"

#include <google/protobuf/message.h>

#include <optional>

namespace linnet::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kProtoType = "application/proto";

std::optional<Codec> codec_of(const HttpHeaders& headers) {
  auto header = headers.first("Content-Type");
  auto type = header ? media_type(*header) : std::nullopt;
  // Only the protocol's own clients send this header.
  const bool generated = headers.count("Connect-Protocol-Version") > 0;
  if (type == kJsonType) return generated ? Codec::kPlainJson : Codec::kJson;
  if (type == kProtoType) return Codec::kProto;
  return std::nullopt;
}

HttpResponse refusal(const api::Method& method, const Error& error, const std::string& name) {
  auto response = connect_error(error, name);
  response.refused = true;
  if (error.code() == ErrCode::kMethodNotAllowed)
    response.headers.add("Allow", method.no_side_effects ? "GET, POST" : "POST");
  if (error.code() == ErrCode::kUnsupportedMedia)
    response.headers.add("Accept-Post", "application/json, application/proto");
  if (error.code() == ErrCode::kUnimplemented) response.headers.add("Accept-Encoding", "gzip");
  return response;
}

HttpResponse success(const google::protobuf::Message& message, Codec codec,
                     const HttpRequest& request) {
  HttpResponse response(200);
  response.headers.add("Content-Type", codec == Codec::kProto ? kProtoType : kJsonType);
  response.headers.add("Vary", "Accept-Encoding");
  response.body = encode(codec, message);
  if (response.body.size() >= kWorthCompressing &&
      accepts_gzip(request.headers, "Accept-Encoding")) {
    response.body = gzip(response.body);
    response.headers.add("Content-Encoding", "gzip");
  }
  return response;
}

HttpResponse failure(const Error& error, const api::Exchange* exchange, const std::string& name) {
  if (exchange != nullptr && exchange->failure) return connect_error(*exchange->failure);
  return connect_error(error, name);
}

}  // namespace

struct ConnectDoor::Prepared {
  Prepared() = default;

  Codec codec = Codec::kJson;
  std::size_t limit = 0;  // bytes of the message
  TimedCall timed;
};

asio::awaitable<HttpResponse> ConnectDoor::answer(const api::Method& method,
                                                  const HttpRequest& request,
                                                  const std::string& name) {
  auto prepared = prepare(method, request);
  if (!prepared) co_return refusal(method, prepared.error(), name);
  const auto codec = prepared->codec;
  const auto exchange = prepared->timed.call.exchange;
  bool read = false;
  note_reading(prepared->timed, read);
  Result<api::MessagePtr> result = co_await carry_out(api_, log_, std::move(prepared->timed));
  HttpResponse response =
      result ? success(**result, codec, request) : failure(result.error(), exchange.get(), name);
  response.refused = !read;
  if (exchange) {
    for (const auto& [key, value] : exchange->headers)
      response.headers.add(key, value);
    for (const auto& [key, value] : exchange->trailers)
      response.headers.add("Trailer-" + key, value);
  }
  co_return response;
}

Result<ConnectDoor::Prepared> ConnectDoor::prepare(const api::Method& method,
                                                   const HttpRequest& request) const {
  Prepared prepared;
  prepared.timed.method = &method;
  prepared.limit = most_bytes(method, options_);
  if (request.headers.first("Connect-Protocol-Version").value_or("1") != "1")
    return Error(ErrCode::kBadRequest, "Connect-Protocol-Version: 1 is the only one");
  auto timeout = connect_timeout(request.headers);
  if (!timeout) return timeout.take_error();
  prepared.timed.timeout = *timeout;
  auto found = find_message(request, prepared);
  if (!found) return found.take_error();
  auto call = call_of(request);
  if (!call) return call.take_error();
  prepared.timed.call = std::move(*call);
  begin_exchange(request, prepared.timed);
  return prepared;
}

Status ConnectDoor::find_message(const HttpRequest& request, Prepared& prepared) const {
  const bool readable = prepared.timed.method->no_side_effects;
  if (request.method == "GET" && readable)
    return find_in_query(split_target(request.target).query, prepared);
  if (request.method != "POST")
    return Error(ErrCode::kMethodNotAllowed,
                 readable ? "use POST with a body, or GET with ?encoding=json&message=%7B%7D"
                          : "use POST; with curl: --json '{}'");

  auto codec = codec_of(request.headers);
  if (!codec)
    return Error(ErrCode::kUnsupportedMedia,
                 "use Content-Type application/json or application/proto; with curl: --json "
                 "'{}' instead of -d");
  prepared.codec = *codec;
  auto compressed = is_gzip(request.headers, "Content-Encoding");
  if (!compressed) return compressed.take_error();
  prepared.timed.read = [packed = Packed{*codec, *compressed, prepared.limit}, &request](
                            google::protobuf::Message& message, std::size_t& size) {
    return unpack(packed, request.body, message, size);
  };
  return linnet::success();
}

Status ConnectDoor::find_in_query(std::string_view text, Prepared& prepared) const {
  auto query = Query::parse(text);
  if (!query) return Error(ErrCode::kBadRequest, "the query is not percent-encoded rightly");
  if (query->get("connect").value_or("v1") != "v1")
    return Error(ErrCode::kBadRequest, "connect: v1 is the only version");
  auto encoding = query->get("encoding").value_or("");
  if (encoding != "json" && encoding != "proto")
    return Error(ErrCode::kUnsupportedMedia, "encoding: json or proto");
  const auto json = query->get("connect") ? Codec::kPlainJson : Codec::kJson;
  prepared.codec = encoding == "json" ? json : Codec::kProto;
  auto compressed = is_gzip(query->get("compression").value_or(""));
  if (!compressed) return compressed.take_error();
  auto message = query->get("message");
  if (!message)
    return Error(ErrCode::kBadRequest, "message: missing; the request, percent-encoded");
  std::string bytes(*message);
  if (query->get("base64").value_or("") == "1") {
    auto decoded = base64_decode(*message);
    if (!decoded) return Error(ErrCode::kBadRequest, "message: no valid base64");
    bytes = std::move(*decoded);
  }
  prepared.timed.read = [packed = Packed{prepared.codec, *compressed, prepared.limit},
                         bytes = std::move(bytes)](google::protobuf::Message& into,
                                                   std::size_t& size) {
    return unpack(packed, bytes, into, size);
  };
  return linnet::success();
}

}  // namespace linnet::gateway
