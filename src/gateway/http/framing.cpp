#include "http/framing.hpp"

namespace linnet::gateway {

std::optional<Error> check_framing(const HttpRequest& request) {
  const auto& headers = request.headers;
  auto transfer = headers.list("Transfer-Encoding");
  if (!transfer.empty() && headers.count("Content-Length") > 0)
    return Error(ErrCode::kBadRequest, "Content-Length and Transfer-Encoding exclude each other");
  if (transfer.size() > 1 || (!transfer.empty() && !equals_ignoring_case(transfer[0], "chunked")))
    return Error(ErrCode::kBadRequest, "Transfer-Encoding: only chunked is supported");
  auto lengths = headers.list("Content-Length");
  if (lengths.size() > 1) return Error(ErrCode::kBadRequest, "Content-Length: more than one");
  auto hosts = headers.count("Host");
  if (hosts > 1 || (hosts == 0 && request.version == 11))
    return Error(ErrCode::kBadRequest, "Host: exactly one is needed");
  return std::nullopt;
}

}  // namespace linnet::gateway
