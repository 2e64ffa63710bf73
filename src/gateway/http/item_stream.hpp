// The body of a response that is a stream of messages, as bytes, in each of its forms:
//
//   server-sent events   id: SEQ | data: MessageItem in JSON | empty line     heartbeat: a comment
//   Connect, gRPC-Web    a frame (envelope.hpp) with a pb.Message             heartbeat: an empty
//   one
//
// Without seq (live messages) or with that of a large group an event has no id, so that
// Last-Event-ID stays the inbox's. The end is an error in every form.
#pragma once

#include "http/stream_form.hpp"

#include "linnet/base/error.hpp"
#include "linnet/wire/push.hpp"

#include <string>
#include <string_view>

namespace linnet::gateway {

// Thread: the shard's. Every function appends to `out`.
class ItemStream {
 public:
  ItemStream(StreamForm form, std::string request_name)
      : form_(form), request_name_(std::move(request_name)) {}

  void begin(std::string& out) const;
  void item(Seq seq, const wire::Push& push, std::string& out) const;
  void heartbeat(std::string& out) const;
  void end(const Error& why, std::string& out) const;

 private:
  void append(std::string_view piece, std::string& out) const;

  StreamForm form_;
  std::string request_name_;
};

}  // namespace linnet::gateway
