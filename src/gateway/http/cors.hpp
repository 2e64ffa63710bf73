// What a page of another origin is told it may do (fetch.spec.whatwg.org, "CORS protocol").
#pragma once

#include "http/message.hpp"

#include <string>
#include <vector>

namespace linnet::gateway {

// Adds to a response what its request's origin may know: for a listed origin that it may read it
// and, in the answer to a preflight, what it may send. Every response varies by the origin.
void add_cors(const HttpRequest& request, const std::vector<std::string>& allowed,
              HttpResponse& response);

}  // namespace linnet::gateway
