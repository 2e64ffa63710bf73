// What Beast's parser has read, as the doors' own values.
#pragma once

#include "http/message.hpp"
#include "http/server.hpp"

#include "linnet/base/beast_parser.hpp"

#include <boost/beast/http/string_body.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace linnet::gateway {

using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

// Takes the body out of the parser.
HttpRequest to_request(Parser& parser, const std::string& address);
// What is answered to a request that cannot be read; nothing when the peer is simply gone.
std::optional<HttpResponse> read_failure(boost::system::error_code error, Parser& parser,
                                         const HttpOptions& options);
// What is answered to one that did not come in time.
HttpResponse late_request();
// In the head so far, trailers included.
std::size_t count_fields(const Parser& parser);
// What is answered to one that has more of them than it may, or trailers.
HttpResponse too_many_fields();
HttpResponse no_trailers();
// How long the body will be that is about to be read; 0 when that was not said.
std::size_t announced_bytes(const Parser& parser, const HttpOptions& options);
// What is answered to one for whose body, or whose answer's, there is no memory.
HttpResponse too_much_held();

}  // namespace linnet::gateway
