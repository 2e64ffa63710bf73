// A message on its way to the connected devices: encoded once, shared by all of them; only the seq,
// which differs from inbox to inbox, is added as it is written.
#pragma once

#include "linnet/base/ids.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace pb {
class MessageItem;
}

namespace linnet::wire {

// Immutable but for the text form, which is made when first asked for. Thread: any.
class Push {
 public:
  // `item` without its seq.
  explicit Push(const pb::MessageItem& item);

  std::int64_t request_id() const { return request_id_; }
  DeviceId sender_device() const { return sender_device_; }
  std::size_t size() const { return item_.size(); }

  // Appends Output{PT_MESSAGE, request_id, Message{item with seq}} in protobuf, unframed, to `out`.
  void append_binary(Seq seq, std::string& out) const;
  // The same as one JSON text (see json.hpp).
  void append_text(Seq seq, std::string& out) const;

 private:
  std::int64_t request_id_;
  DeviceId sender_device_;
  std::string item_;  // protobuf bytes of the item without seq (field 10)
  mutable std::once_flag text_once_;
  mutable std::string text_;  // the item's JSON object without seq
};

using PushPtr = std::shared_ptr<const Push>;

}  // namespace linnet::wire
