#include "http/beast_request.hpp"

#include "http/codec.hpp"
#include "http/errors.hpp"
#include "http/grpc_web.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace linnet::gateway {

namespace http = boost::beast::http;

HttpRequest to_request(Parser& parser, const std::string& address) {
  auto& message = parser.get();
  HttpRequest request;
  request.method = std::string_view(message.method_string());
  request.target = std::string_view(message.target());
  request.version = message.version();
  for (const auto& field : message)
    request.headers.add(std::string_view(field.name_string()), std::string_view(field.value()));
  request.body = std::move(message.body());
  request.address = address;
  return request;
}

std::optional<HttpResponse> read_failure(boost::system::error_code error, Parser& parser,
                                         const HttpOptions& options) {
  if (error == http::error::body_limit) {
    const auto why = too_large(options.body_bytes);
    if (const auto* form = grpc_web_form(to_request(parser, "")))
      return grpc_web_error(*form, why, "");
    return connect_error(why, "");
  }
  api::ErrorForm form{"invalid_argument", 400};
  if (error == http::error::header_limit) form = api::ErrorForm{"resource_exhausted", 431};
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error.category() != make_error_code(http::error::bad_method).category())
    return std::nullopt;
  return connect_error(
      Error(ErrCode::kBadRequest, "the request is no valid HTTP/1.1: " + error.message()), "",
      form);
}

HttpResponse late_request() {
  return connect_error(Error(ErrCode::kTimeout, "the request did not come in time"), "",
                       api::ErrorForm{"deadline_exceeded", 408});
}

std::size_t announced_bytes(const Parser& parser, const HttpOptions& options) {
  const auto length = parser.content_length();
  const std::uint64_t most = largest_body(options.body_bytes);
  return length ? static_cast<std::size_t>(std::min(std::uint64_t{*length}, most)) : 0;
}

std::size_t count_fields(const Parser& parser) {
  const auto& fields = parser.get();
  return static_cast<std::size_t>(std::distance(fields.begin(), fields.end()));
}

HttpResponse too_many_fields() {
  return connect_error(Error(ErrCode::kBadRequest, "the request has too many header fields"), "",
                       api::ErrorForm{"resource_exhausted", 431});
}

HttpResponse no_trailers() {
  return connect_error(Error(ErrCode::kBadRequest, "a request's trailers are not taken"), "");
}

HttpResponse too_much_held() {
  return connect_error(
      Error(ErrCode::kServerBusy,
            "large requests and answers take all the memory that there is for them; try again"),
      "");
}

}  // namespace linnet::gateway
