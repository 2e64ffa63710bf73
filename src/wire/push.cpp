// A Push is written by hand around the encoded item: nothing is parsed or encoded twice.
#include "linnet/wire/push.hpp"

#include "pb/conn.ext.pb.h"

#include "linnet/wire/json.hpp"

namespace linnet::wire {
namespace {

// Protobuf tags (field number << 3 | wire type), each of one byte.
constexpr char kOutputType = 1 << 3 | 0;
constexpr char kOutputRequestId = 2 << 3 | 0;
constexpr char kOutputData = 5 << 3 | 2;
constexpr char kMessageItem = 1 << 3 | 2;
constexpr char kItemSeq = 10 << 3 | 0;

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7U)
    ++size;
  return size;
}

void append_varint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7U)
    out += static_cast<char>((value & 0x7fU) | 0x80U);
  out += static_cast<char>(value);
}

std::string encode_without_seq(const pb::MessageItem& item) {
  if (item.seq() == 0) return item.SerializeAsString();
  pb::MessageItem copy = item;
  copy.clear_seq();
  return copy.SerializeAsString();
}

}  // namespace

Push::Push(const pb::MessageItem& item)
    : request_id_(item.request_id()),
      sender_device_(item.sender_device_id()),
      of_large_group_(item.receiver_type() == pb::RT_LARGE_GROUP),
      item_(encode_without_seq(item)) {}

std::size_t Push::item_size(Seq seq) const {
  auto number = static_cast<std::uint64_t>(seq.value());
  return item_.size() + (number == 0 ? 0 : 1 + varint_size(number));
}

void Push::append_binary(Seq seq, std::string& out) const {
  out += kOutputType;
  out += static_cast<char>(pb::PT_MESSAGE);
  if (request_id_ != 0) {
    out += kOutputRequestId;
    append_varint(static_cast<std::uint64_t>(request_id_), out);
  }
  const auto size = item_size(seq);
  out += kOutputData;
  append_varint(1 + varint_size(size) + size, out);
  append_message(seq, out);
}

void Push::append_message(Seq seq, std::string& out) const {
  out += kMessageItem;
  append_varint(item_size(seq), out);
  out += item_;
  if (seq) {  // last, which protobuf allows: fields may come in any order
    out += kItemSeq;
    append_varint(static_cast<std::uint64_t>(seq.value()), out);
  }
}

void Push::append_text(Seq seq, std::string& out) const {
  out += R"({"type":"PT_MESSAGE",)";
  if (request_id_ != 0) {
    out += R"("requestId":")";
    out += std::to_string(request_id_);
    out += R"(",)";
  }
  out += R"("code":0,"data":{"message":)";
  append_item_text(seq, out);
  out += "}}";
}

void Push::append_item_text(Seq seq, std::string& out) const {
  std::call_once(text_once_, [this] {
    pb::MessageItem item;
    item.ParseFromString(item_);
    text_ = to_json(item);
  });
  std::string_view item = text_;
  item.remove_suffix(1);
  out += item;
  if (seq) {
    if (item.size() > 1) out += ',';
    out += R"("seq":")";
    out += std::to_string(seq.value());
    out += '"';
  }
  out += '}';
}

}  // namespace linnet::wire
