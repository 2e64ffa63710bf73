// Errors as HTTP answers: in the Connect protocol's form, and in the short one of refused
// handshakes.
#pragma once

#include "http/message.hpp"

#include "linnet/api/errors.hpp"
#include "linnet/api/exchange.hpp"
#include "linnet/base/error.hpp"

#include <string>
#include <string_view>

namespace linnet::gateway {

// {"code":"unauthenticated","message":"…","details":[pb.ErrorInfo]}; the status and the code word
// are those of api::error_form, or the ones given. The name is empty when the request was
// unreadable.
HttpResponse connect_error(const Error& error, std::string_view request_name);
HttpResponse connect_error(const Error& error, std::string_view request_name, api::ErrorForm form);

// The same for an error that has one of the protocol's own codes.
HttpResponse connect_error(const api::Failure& failure);

// The body of these alone: what the end of a Connect stream has under "error".
std::string connect_error_body(const Error& error, std::string_view request_name);

// {"code":1003,"message":"…"}, the body of short_error(), which is always the door's own refusal.
std::string short_error_body(const Error& error);
HttpResponse short_error(const Error& error, int status);

}  // namespace linnet::gateway
