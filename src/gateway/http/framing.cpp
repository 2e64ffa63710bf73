#include "http/framing.hpp"

namespace linnet::gateway {

std::optional<Error> check_framing(const HttpRequest& request) {
  const auto& headers = request.headers;
  const bool transfer = headers.count("Transfer-Encoding") > 0;
  if (transfer && headers.count("Content-Length") > 0)
    return Error(ErrCode::kBadRequest, "Content-Length and Transfer-Encoding exclude each other");
  const auto codings = headers.list("Transfer-Encoding");
  if (transfer && (codings.size() != 1 || !equals_ignoring_case(codings[0], "chunked")))
    return Error(ErrCode::kBadRequest, "Transfer-Encoding: only chunked is supported");
  // RFC 9112, 6.1: its framing is to be taken for faulty.
  if (transfer && request.version < 11)
    return Error(ErrCode::kBadRequest, "Transfer-Encoding: not in HTTP/1.0");
  auto lengths = headers.list("Content-Length");
  if (lengths.size() > 1) return Error(ErrCode::kBadRequest, "Content-Length: more than one");
  auto hosts = headers.count("Host");
  if (hosts > 1 || (hosts == 0 && request.version == 11))
    return Error(ErrCode::kBadRequest, "Host: exactly one is needed");
  return std::nullopt;
}

}  // namespace linnet::gateway
