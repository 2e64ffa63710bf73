#include "http/grpc_web.hpp"

#include "http/caller.hpp"
#include "http/codec.hpp"
#include "http/compression.hpp"
#include "http/encoding.hpp"
#include "http/envelope.hpp"
#include "http/errors.hpp"

#include <google/protobuf/message.h>

#include <array>
#include <limits>
#include <optional>

namespace linnet::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::array<GrpcWebForm, 6> kWebForms{{
    {"application/grpc-web", "application/grpc-web+proto", Codec::kProto, false},
    {"application/grpc-web+proto", "application/grpc-web+proto", Codec::kProto, false},
    {"application/grpc-web+json", "application/grpc-web+json", Codec::kPlainJson, false},
    {"application/grpc-web-text", "application/grpc-web-text+proto", Codec::kProto, true},
    {"application/grpc-web-text+proto", "application/grpc-web-text+proto", Codec::kProto, true},
    {"application/grpc-web-text+json", "application/grpc-web-text+json", Codec::kPlainJson, true},
}};

// Clients may encode piece by piece, so that padding stands in the middle too.
std::optional<std::string> decode_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto padding = text.find('=');
    auto end = padding == std::string_view::npos ? text.size() : (padding / 4 + 1) * 4;
    if (end > text.size()) return std::nullopt;
    auto piece = base64_decode(text.substr(0, end));
    if (!piece) return std::nullopt;
    out += *piece;
    text.remove_prefix(end);
  }
  return out;
}

// What may stand in grpc-message; the rest is percent-encoded.
std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

}  // namespace

const GrpcWebForm* grpc_web_form(const HttpRequest& request) {
  auto header = request.headers.first("Content-Type");
  auto type = header ? media_type(*header) : std::nullopt;
  for (const auto& form : kWebForms)
    if (type == form.asked) return &form;
  return nullptr;
}

void append_grpc_trailers(const Error* error, std::string_view request_name, std::string& out) {
  GrpcStatus status;
  if (error != nullptr) status = grpc_status(*error, request_name);
  append_grpc_trailers(status, {}, out);
}

void append_grpc_trailers(const GrpcStatus& status, const api::Exchange::Fields& more,
                          std::string& out) {
  std::string trailers = "grpc-status: " + std::to_string(status.code) + "\r\n";
  if (!status.message.empty())
    trailers += "grpc-message: " + percent_encode(status.message) + "\r\n";
  if (!status.details.empty())
    trailers += "grpc-status-details-bin: " + base64_encode(status.details, false) + "\r\n";
  for (const auto& [key, value] : more) {
    for (char c : key)
      trailers += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    trailers += ": " + value + "\r\n";
  }
  append_envelope(kGrpcTrailers, trailers, out);
}

Status read_grpc_web(const HttpRequest& request, const GrpcWebForm& form, std::size_t limit,
                     google::protobuf::Message& message, std::size_t& unpacked) {
  if (request.body.size() > largest_body(limit)) return too_large(limit);
  auto compressed = is_gzip(request.headers, "Grpc-Encoding");
  if (!compressed) return compressed.take_error();
  if (!form.text)
    return read_envelope(form.codec, request.body, *compressed, limit, message, unpacked);
  auto body = decode_text(request.body);
  if (!body) return Error(ErrCode::kBadRequest, "the body is no valid base64");
  return read_envelope(form.codec, *body, *compressed, limit, message, unpacked);
}

HttpResponse grpc_web_error(const GrpcWebForm& form, const Error& error, const std::string& name) {
  HttpResponse response(200);
  response.headers.add("Content-Type", form.answered);
  std::string body;
  append_grpc_trailers(&error, name, body);
  response.refused = true;
  response.body = form.text ? base64_encode(body, true) : std::move(body);
  return response;
}

asio::awaitable<HttpResponse> GrpcWebDoor::answer(const api::Method& method,
                                                  const HttpRequest& request,
                                                  const GrpcWebForm& form,
                                                  const std::string& name) {
  if (request.method != "POST") {
    HttpResponse refusal(405);
    refusal.refused = true;
    refusal.headers.add("Allow", "POST");
    co_return refusal;
  }
  HttpResponse response(200);
  response.headers.add("Content-Type", form.answered);
  response.headers.add("Grpc-Accept-Encoding", "gzip");

  Result<api::MessagePtr> result = Error(ErrCode::kServerUnknown);
  auto prepared = prepare(method, request, form);
  std::shared_ptr<api::Exchange> exchange;
  bool read = false;
  if (prepared) {
    exchange = prepared->call.exchange;
    note_reading(*prepared, read);
    result = co_await carry_out(api_, log_, std::move(*prepared));
  } else {
    result = prepared.take_error();
  }
  std::string body;
  if (result) {
    auto bytes = encode(form.codec, **result);
    const bool pack =
        bytes.size() >= kWorthCompressing && accepts_gzip(request.headers, "Grpc-Accept-Encoding");
    if (pack) response.headers.add("Grpc-Encoding", "gzip");
    append_envelope(pack ? kCompressed : 0, pack ? gzip(bytes) : bytes, body);
  }
  GrpcStatus status;
  if (!result) status = grpc_status(result.error(), name);
  if (!result && exchange && exchange->failure) status = grpc_status(*exchange->failure);
  append_grpc_trailers(status, exchange ? exchange->trailers : api::Exchange::Fields(), body);
  if (exchange) {
    for (const auto& [key, value] : exchange->headers)
      response.headers.add(key, value);
  }
  response.body = form.text ? base64_encode(body, true) : std::move(body);
  response.refused = !read;
  co_return response;
}

Result<TimedCall> GrpcWebDoor::prepare(const api::Method& method, const HttpRequest& request,
                                       const GrpcWebForm& form) const {
  TimedCall timed;
  timed.method = &method;
  auto timeout = grpc_timeout(request.headers);
  if (!timeout) return timeout.take_error();
  timed.timeout = *timeout;
  timed.read = [&request, &form, limit = most_bytes(method, options_)](
                   google::protobuf::Message& message, std::size_t& bytes) {
    return read_grpc_web(request, form, limit, message, bytes);
  };
  auto call = call_of(request);
  if (!call) return call.take_error();
  timed.call = std::move(*call);
  begin_exchange(request, timed);
  return timed;
}

}  // namespace linnet::gateway
