// Unary calls over HTTP (the Connect protocol, binary protobuf), on kept connections. Blocking.
#pragma once

#include "linnet/base/error.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace linnet::client {

// Whether a call may be made again when a kept connection broke before its answer began: the first
// one may have been carried out.
enum class Repeat { kNever, kSafe };

// Thread: any; callers that call at the same time use connections of their own.
class Calls {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8081;
    // For a whole call: connecting, sending and the last byte of the answer.
    std::chrono::milliseconds timeout{5000};
    std::size_t kept_connections = 4;
  };

  explicit Calls(Options options);
  ~Calls();
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  // Calls `path`, "/pb.LogicExt/SendMessage" and so on, with the credentials of `token` (none when
  // empty). Errors: the server's own, with its code and sentence; kTimeout when the answer did not
  // come in time, kServerUnknown when the server cannot be reached or is not understood.
  template <class Response, class Request>
  Result<Response> call(std::string_view path, const Request& request, std::string_view token = {},
                        Repeat repeat = Repeat::kNever) {
    auto body = call_bytes(path, request.SerializeAsString(), token, repeat);
    if (!body) return body.take_error();
    Response response;
    if (!response.ParseFromString(*body))
      return Error(ErrCode::kServerUnknown, "the server's answer is not what the method answers");
    return response;
  }

  // The same with the messages' bytes.
  Result<std::string> call_bytes(std::string_view path, const std::string& request,
                                 std::string_view token, Repeat repeat);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether the same call may succeed later: nobody answered, or the server was too busy.
bool is_passing(ErrCode code);

}  // namespace linnet::client
