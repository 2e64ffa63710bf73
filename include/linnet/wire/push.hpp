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
  // Its seq counts in a large group, not in the inbox of whoever receives it.
  bool of_large_group() const { return of_large_group_; }

  // Appends Output{PT_MESSAGE, request_id, Message{item with seq}} in protobuf, unframed, to `out`.
  void append_binary(Seq seq, std::string& out) const;
  // The same as one JSON text (see json.hpp).
  void append_text(Seq seq, std::string& out) const;
  // Message{item with seq} alone, in protobuf.
  void append_message(Seq seq, std::string& out) const;
  // The item with its seq alone, as a JSON object.
  void append_item_text(Seq seq, std::string& out) const;

 private:
  std::size_t item_size(Seq seq) const;

  std::int64_t request_id_;
  DeviceId sender_device_;
  bool of_large_group_;
  std::string item_;  // protobuf bytes of the item without seq (field 10)
  mutable std::once_flag text_once_;
  mutable std::string text_;  // the item's JSON object without seq
};

using PushPtr = std::shared_ptr<const Push>;

}  // namespace linnet::wire
