#include "linnet/wire/shared_frame.hpp"

#include "pb/conn.ext.pb.h"

#include "linnet/wire/json.hpp"
#include "linnet/wire/tcp.hpp"
#include "linnet/wire/websocket.hpp"

namespace linnet::wire {
namespace {

std::string text_of(const std::string& packet) {
  pb::Output parsed;
  parsed.ParseFromString(packet);
  return packet_to_json(parsed);
}

}  // namespace

SharedFrame::SharedFrame(const pb::Output& packet) : packet_(packet.SerializeAsString()) {}

const std::string& SharedFrame::bytes(Framing framing) const {
  auto& form = forms_.at(static_cast<std::size_t>(framing));
  std::call_once(form.once, [&] {
    switch (framing) {
      case Framing::kTcp: append_tcp_frame(packet_, form.bytes); break;
      case Framing::kWebSocketBinary:
        append_ws_frame(WsOpcode::kBinary, packet_, form.bytes);
        break;
      case Framing::kWebSocketText:
        append_ws_frame(WsOpcode::kText, text_of(packet_), form.bytes);
        break;
    }
  });
  return form.bytes;
}

void FrameRun::add(SharedFramePtr frame) {
  size_ += frame->size();
  frames_.push_back(std::move(frame));
  for (auto& bytes : joined_)
    bytes.clear();
}

std::string_view FrameRun::bytes(Framing framing) const {
  if (frames_.empty()) return {};
  if (frames_.size() == 1) return frames_.front()->bytes(framing);
  auto& joined = joined_.at(static_cast<std::size_t>(framing));
  if (joined.empty()) {
    for (const auto& frame : frames_)
      joined += frame->bytes(framing);
  }
  return joined;
}

}  // namespace linnet::wire
