// A stream of messages as a door has agreed on it with its client: who, from where on, in which
// form.
#pragma once

#include "http/codec.hpp"

#include "linnet/base/ids.hpp"
#include "linnet/user/identity.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace linnet::gateway {

enum class StreamProtocol { kEvents, kConnect, kGrpcWeb };

struct StreamForm {
  StreamProtocol protocol = StreamProtocol::kEvents;
  Codec codec = Codec::kJson;
  bool text = false;     // gRPC-Web in base64
  bool chunked = false;  // HTTP/1.1
};

struct StreamStart {
  StreamStart() = default;

  StreamForm form;
  user::Identity identity;
  Seq after;
  std::optional<std::chrono::milliseconds> timeout;
  std::string request_name;
};

}  // namespace linnet::gateway
