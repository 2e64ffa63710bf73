// What a call carries beside its messages, for a method that wants to see and set it: headers both
// ways, trailers, and an error as the wire has it. None of the server's own methods does; a
// reference service that proves the doors does (tests/conformance).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linnet::api {

// An error with one of the 16 codes that Connect and gRPC share (github.com/grpc/grpc,
// doc/statuscodes.md), instead of an ErrCode.
struct Failure {
  struct Detail {
    std::string type;   // "package.Message"
    std::string value;  // in protobuf
  };
  int code = 2;  // 1 to 16; 2: unknown
  std::string message;
  std::vector<Detail> details;
};

struct Exchange {
  using Fields = std::vector<std::pair<std::string, std::string>>;

  // Of the request, as they came.
  Fields request_headers;
  Fields query;  // of a GET
  std::optional<std::chrono::milliseconds> timeout;
  // Of the response.
  Fields headers;
  Fields trailers;
  std::optional<Failure> failure;  // counts when the method gives an error
};

}  // namespace linnet::api
