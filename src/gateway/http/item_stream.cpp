#include "http/item_stream.hpp"

#include "http/encoding.hpp"
#include "http/envelope.hpp"
#include "http/errors.hpp"
#include "http/grpc_web.hpp"
#include "pb/conn.ext.pb.h"

#include <array>
#include <charconv>

namespace linnet::gateway {
namespace {

// After how many milliseconds an EventSource connects again.
constexpr std::string_view kRetry = "retry: 2000\n\n";

std::string as_event(Seq seq, const wire::Push& push) {
  std::string event;
  if (seq && !push.of_large_group()) event = "id: " + std::to_string(seq.value()) + "\n";
  event += "data: ";
  push.append_item_text(seq, event);  // JSON has no line breaks of its own
  event += "\n\n";
  return event;
}

std::string as_frame(Codec codec, Seq seq, const wire::Push& push) {
  std::string message;
  push.append_message(seq, message);
  if (codec != Codec::kProto) {
    pb::Message parsed;
    parsed.ParseFromString(message);
    message = encode(codec, parsed);
  }
  std::string frame;
  append_envelope(0, message, frame);
  return frame;
}

}  // namespace

void ItemStream::begin(std::string& out) const {
  if (form_.protocol == StreamProtocol::kEvents) append(kRetry, out);
}

void ItemStream::item(Seq seq, const wire::Push& push, std::string& out) const {
  const bool event = form_.protocol == StreamProtocol::kEvents;
  append(event ? as_event(seq, push) : as_frame(form_.codec, seq, push), out);
}

void ItemStream::heartbeat(std::string& out) const {
  if (form_.protocol == StreamProtocol::kEvents) {
    append(":\n\n", out);
    return;
  }
  std::string frame;
  append_envelope(0, form_.codec == Codec::kProto ? "" : "{}", frame);
  append(frame, out);
}

void ItemStream::end(const Error& why, std::string& out) const {
  std::string last;
  switch (form_.protocol) {
    case StreamProtocol::kEvents:
      last = "event: end\ndata: " + short_error_body(why) + "\n\n";
      break;
    case StreamProtocol::kConnect:
      append_envelope(kConnectEnd, R"({"error":)" + connect_error_body(why, request_name_) + '}',
                      last);
      break;
    case StreamProtocol::kGrpcWeb: append_grpc_trailers(&why, request_name_, last); break;
  }
  append(last, out);
  if (form_.chunked) out += "0\r\n\r\n";
}

void ItemStream::append(std::string_view piece, std::string& out) const {
  std::string encoded;
  if (form_.text) {
    encoded = base64_encode(piece, true);
    piece = encoded;
  }
  if (!form_.chunked) {
    out += piece;
    return;
  }
  std::array<char, 16> size{};
  auto [end, error] = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16);
  out.append(size.data(), end);
  out += "\r\n";
  out += piece;
  out += "\r\n";
}

}  // namespace linnet::gateway
