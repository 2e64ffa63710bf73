// Whether it is certain where a request ends.
#pragma once

#include "http/message.hpp"

#include "linnet/base/error.hpp"

#include <optional>

namespace linnet::gateway {

// What is wrong with the framing of a request (RFC 9112 sections 3.2 and 6); such a connection is
// closed after the answer, as nobody knows where the next request begins.
std::optional<Error> check_framing(const HttpRequest& request);

}  // namespace linnet::gateway
