// /openapi.json and /descriptor.binpb: what can be called here, for programs.
#pragma once

#include "http/message.hpp"

#include <optional>
#include <string_view>

namespace linnet::gateway {

// Nothing when `path` is neither. GET and HEAD (whose body the caller leaves out). Thread: any.
std::optional<HttpResponse> answer_document(const HttpRequest& request, std::string_view path);

}  // namespace linnet::gateway
