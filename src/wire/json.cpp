// The JSON form of packets and calls, as described in json.hpp.
#include "linnet/wire/json.hpp"

#include "json_content.hpp"
#include "pb/conn.ext.pb.h"
#include "pb/room.ext.pb.h"

#include <google/protobuf/descriptor.h>

namespace linnet::wire {
namespace {

using google::protobuf::Message;

const Message* inner_prototype(const pb::Input& packet) {
  switch (packet.type()) {
    case pb::PT_SIGN_IN: return &pb::SignInInput::default_instance();
    case pb::PT_SYNC: return &pb::SyncInput::default_instance();
    case pb::PT_MESSAGE: return &pb::MessageACK::default_instance();
    case pb::PT_CALL: return &pb::CallInput::default_instance();
    case pb::PT_ROOM_SUBSCRIBE: return &pb::RoomSubscribeInput::default_instance();
    case pb::PT_ROOM_UNSUBSCRIBE: return &pb::RoomUnsubscribeInput::default_instance();
    case pb::PT_ROOM_PUBLISH: return &pb::RoomPublishInput::default_instance();
    default: return nullptr;
  }
}

const Message* inner_prototype(const pb::Output& packet) {
  switch (packet.type()) {
    case pb::PT_SYNC: return &pb::SyncOutput::default_instance();
    case pb::PT_MESSAGE: return &pb::Message::default_instance();
    case pb::PT_CALL: return &pb::CallOutput::default_instance();
    case pb::PT_ROOM_SUBSCRIBE: return &pb::RoomSubscribeOutput::default_instance();
    case pb::PT_ROOM_UNSUBSCRIBE: return &pb::RoomUnsubscribeInput::default_instance();
    case pb::PT_ROOM_PUBLISH: return &pb::RoomPublishOutput::default_instance();
    case pb::PT_ROOM_MESSAGES: return &pb::RoomMessages::default_instance();
    case pb::PT_ROOM_STATE: return &pb::RoomState::default_instance();
    default: return nullptr;
  }
}

template <class Packet>
WrittenJson packet_head(const Packet& packet) {
  WrittenJson tree = WrittenJson::object();
  int type = packet.type();
  if (pb::PackageType_IsValid(type)) {
    tree["type"] = pb::PackageType_Name(type);
  } else {
    tree["type"] = type;
  }
  if (packet.request_id() != 0) tree["requestId"] = std::to_string(packet.request_id());
  return tree;
}

// A known inner message is there as an object even when it is empty, so that a reader may rely on
// it.
template <class Packet>
void add_data(const Packet& packet, WrittenJson& tree) {
  const Message* prototype = inner_prototype(packet);
  if (packet.data().empty() && prototype == nullptr) return;
  WrittenJson data;
  if (prototype != nullptr) data = open_bytes(packet.data(), *prototype);
  if (data.is_null()) data = to_base64(packet.data());
  tree["data"] = std::move(data);
}

// The name of a type that is newer than this program becomes PT_UNKNOWN, so that the connection's
// rules answer it as they answer an unknown number.
template <class Packet>
Status read_type(ReadJson& tree, Packet& packet) {
  auto type = tree.find("type");
  if (type == tree.end()) return bad_json("type", "is missing");
  if (type->is_string()) {
    pb::PackageType known = pb::PT_UNKNOWN;
    if (!pb::PackageType_Parse(type->template get_ref<const std::string&>(), &known)) {
      known = pb::PT_UNKNOWN;
    }
    *type = static_cast<int>(known);
  }
  if (!type->is_number_integer()) return bad_json("type", "must be a name or a number");
  auto number = type->template get<std::int64_t>();
  bool fits = type->is_number_unsigned() ? type->template get<std::uint64_t>() <= INT32_MAX
                                         : number >= INT32_MIN && number <= INT32_MAX;
  if (!fits) return bad_json("type", "is out of range");
  packet.set_type(static_cast<pb::PackageType>(number));
  return success();
}

template <class Packet>
Status read_packet(std::string_view json, Packet& packet) {
  packet.Clear();
  auto tree = read_tree(json);
  if (!tree) return tree.take_error();
  Packet typed;
  if (Status status = read_type(*tree, typed); !status) return status;
  std::string data;
  auto found = tree->find("data");
  bool is_open = found != tree->end() && found->is_object();
  if (is_open) {
    ReadJson inner = std::move(*found);
    tree->erase(found);
    if (const Message* prototype = inner_prototype(typed)) {
      auto bytes = close_bytes(inner, *prototype);
      if (!bytes) return bad_json("data", bytes.error().message());
      data = std::move(*bytes);
    }
  }
  if (Status status = read_message(*tree, packet); !status) return status;
  if (is_open) packet.set_data(std::move(data));
  return success();
}

}  // namespace

std::string to_json(const Message& message) {
  WrittenJson tree = print_message(message);
  open_contents(*message.GetDescriptor(), tree);
  return print_tree(tree);
}

std::string to_plain_json(const Message& message) {
  return print_tree(print_message(message));
}

Status from_json(std::string_view json, Message& message, UnknownFields unknown) {
  message.Clear();
  auto tree = read_tree(json);
  if (!tree) return tree.take_error();
  if (Status status = close_contents(*message.GetDescriptor(), *tree); !status) return status;
  return read_message(*tree, message, unknown);
}

std::string packet_to_json(const pb::Output& packet) {
  WrittenJson tree = packet_head(packet);
  tree["code"] = packet.code();
  if (!packet.message().empty()) tree["message"] = packet.message();
  add_data(packet, tree);
  return print_tree(tree);
}

std::string packet_to_json(const pb::Input& packet) {
  WrittenJson tree = packet_head(packet);
  add_data(packet, tree);
  return print_tree(tree);
}

Status packet_from_json(std::string_view json, pb::Input& packet) {
  return read_packet(json, packet);
}

Status packet_from_json(std::string_view json, pb::Output& packet) {
  return read_packet(json, packet);
}

}  // namespace linnet::wire
