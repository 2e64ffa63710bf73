// gzip (RFC 1952), the one compression of the HTTP doors, and the headers that speak of it.
#pragma once

#include "http/message.hpp"

#include "linnet/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace linnet::gateway {

// Below this a body gets larger, or not smaller enough to be worth it.
inline constexpr std::size_t kWorthCompressing = 1024;

std::string gzip(std::string_view bytes);
// Stops at `limit` bytes whatever the input promises. Errors: kTooLarge; kBadRequest (no gzip, cut
// off, or something behind it).
Result<std::string> gunzip(std::string_view bytes, std::size_t limit);

// Whether the list under `name` (Accept-Encoding and the like) has gzip, and not with q=0.
bool accepts_gzip(const HttpHeaders& headers, std::string_view name);
// Whether the encodings named under `name` come to gzip or to nothing. Error: kUnimplemented, with
// what is supported.
Result<bool> is_gzip(const HttpHeaders& headers, std::string_view name);
Result<bool> is_gzip(std::string_view encoding);

}  // namespace linnet::gateway
