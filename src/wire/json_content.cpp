// Bytes fields that hold a message of their own: see json_content.hpp.
#include "json_content.hpp"

#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/logic.int.pb.h"
#include "pb/push.ext.pb.h"
#include "pb/room.ext.pb.h"

#include <google/protobuf/descriptor.h>
#include <openssl/evp.h>

#include <charconv>
#include <cstddef>
#include <memory>
#include <optional>

namespace linnet::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Which message is inside, for each value of the field that tells; nullptr for the values that are
// not known.
using PrototypeOf = const Message* (*)(int selector);
using PrototypeOfMethod = const Message* (*)(const std::string& path);

struct ContentField {
  const FieldDescriptor* bytes;
  const FieldDescriptor* selector;  // an enumeration or an int32, or the path of a method
  PrototypeOf prototype_of;
  PrototypeOfMethod prototype_of_method;
};

const google::protobuf::MethodDescriptor* method_of(std::string path) {
  const auto slash = path.rfind('/');
  if (!path.starts_with('/') || slash == 0) return nullptr;
  path[slash] = '.';
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(path.substr(1));
}

const Message* prototype_of(const Descriptor* type) {
  return google::protobuf::MessageFactory::generated_factory()->GetPrototype(type);
}

const Message* request_of_method(const std::string& path) {
  const auto* method = method_of(path);
  return method == nullptr ? nullptr : prototype_of(method->input_type());
}

const Message* response_of_method(const std::string& path) {
  const auto* method = method_of(path);
  return method == nullptr ? nullptr : prototype_of(method->output_type());
}

const Message* prototype_of_type(int type) {
  switch (type) {
    case pb::MT_TEXT: return &pb::Text::default_instance();
    case pb::MT_FACE: return &pb::Face::default_instance();
    case pb::MT_VOICE: return &pb::Voice::default_instance();
    case pb::MT_IMAGE: return &pb::Image::default_instance();
    case pb::MT_FILE: return &pb::File::default_instance();
    case pb::MT_LOCATION: return &pb::Location::default_instance();
    case pb::MT_COMMAND: return &pb::Command::default_instance();
    case pb::MT_CUSTOM: return &pb::Custom::default_instance();
    default: return nullptr;
  }
}

const Message* prototype_of_push(int code) {
  switch (code) {
    case pb::PC_ADD_FRIEND: return &pb::AddFriendPush::default_instance();
    case pb::PC_AGREE_ADD_FRIEND: return &pb::AgreeAddFriendPush::default_instance();
    case pb::PC_UPDATE_GROUP: return &pb::UpdateGroupPush::default_instance();
    case pb::PC_ADD_GROUP_MEMBERS: return &pb::AddGroupMembersPush::default_instance();
    case pb::PC_REMOVE_GROUP_MEMBER: return &pb::RemoveGroupMemberPush::default_instance();
    default: return nullptr;
  }
}

std::optional<ContentField> content_field(const Descriptor& type) {
  if (&type == pb::MessageItem::descriptor() || &type == pb::SendMessageReq::descriptor() ||
      &type == pb::RoomItem::descriptor() || &type == pb::RoomPublishInput::descriptor() ||
      &type == pb::BroadcastReq::descriptor()) {
    return ContentField{type.FindFieldByName("message_content"),
                        type.FindFieldByName("message_type"), prototype_of_type, nullptr};
  }
  if (&type == pb::Command::descriptor()) {
    return ContentField{type.FindFieldByName("data"), type.FindFieldByName("code"),
                        prototype_of_push, nullptr};
  }
  if (&type == pb::CallInput::descriptor()) {
    return ContentField{type.FindFieldByName("request"), type.FindFieldByName("method"), nullptr,
                        request_of_method};
  }
  if (&type == pb::CallOutput::descriptor()) {
    return ContentField{type.FindFieldByName("response"), type.FindFieldByName("method"), nullptr,
                        response_of_method};
  }
  return std::nullopt;
}

// As protobuf prints it: the standard alphabet, padded.
std::string from_base64(const std::string& text) {
  std::string bytes(text.size() / 4 * 3, '\0');
  int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()));
  if (size < 0) return {};
  for (auto it = text.rbegin(); it != text.rend() && *it == '='; ++it)
    bytes.pop_back();
  return bytes;
}

// The value of the field that tells what is inside. An enumeration is a name or a number, an int32
// may be text.
template <class Json>
std::optional<int> selector_value(const Json& value, const FieldDescriptor& field) {
  if (value.is_number_integer()) {
    auto number = value.template get<std::int64_t>();
    if (number < INT32_MIN || number > INT32_MAX) return std::nullopt;
    return static_cast<int>(number);
  }
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.template get_ref<const std::string&>();
  if (field.enum_type() == nullptr) {
    int number = 0;
    auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool whole = error == std::errc() && rest == text.data() + text.size();
    return whole ? std::optional<int>(number) : std::nullopt;
  }
  const auto* known = field.enum_type()->FindValueByName(text);
  return known == nullptr ? std::nullopt : std::optional<int>(known->number());
}

template <class Json>
const Message* prototype_for(const ContentField& field, const Json& selector) {
  if (field.prototype_of_method != nullptr)
    return selector.is_string()
               ? field.prototype_of_method(selector.template get_ref<const std::string&>())
               : nullptr;
  auto value = selector_value(selector, *field.selector);
  return value ? field.prototype_of(*value) : nullptr;
}

void open_content(const ContentField& field, WrittenJson& object) {
  auto selector = object.find(field.selector->json_name());
  if (selector == object.end()) return;
  const Message* prototype = prototype_for(field, *selector);
  if (prototype == nullptr) return;
  auto content = object.find(field.bytes->json_name());
  std::string bytes;
  if (content != object.end()) bytes = from_base64(content->get_ref<const std::string&>());
  WrittenJson opened = open_bytes(bytes, *prototype);
  if (!opened.is_null()) object[field.bytes->json_name()] = std::move(opened);
}

Status close_content(const ContentField& field, ReadJson& object) {
  auto content = find_field(object, *field.bytes);
  if (!content) return content.take_error();
  if (*content == nullptr || !(*content)->is_object()) return success();
  auto selector = find_field(object, *field.selector);
  if (!selector) return selector.take_error();
  const std::string& content_name = field.bytes->json_name();
  const std::string& selector_name = field.selector->json_name();
  if (*selector == nullptr) {
    return bad_json(content_name, "is an object, so " + selector_name + " must be given");
  }
  const Message* prototype = prototype_for(field, **selector);
  if (prototype == nullptr) {
    return bad_json(content_name, "must be base64 for this " + selector_name);
  }
  auto bytes = close_bytes(**content, *prototype);
  if (!bytes) return bad_json(content_name, bytes.error().message());
  **content = to_base64(*bytes);
  return success();
}

// Calls `visit` for each message below `object` in `field`: one, each of several, or each value of
// a map.
template <class Json, class Visit>
Status for_each_message(const FieldDescriptor& field, Json& value, Visit visit) {
  const Descriptor* type = field.message_type();
  if (!field.is_repeated()) return visit(*type, value);
  if (!value.is_structured()) return success();  // reading it will say what is wrong
  if (field.is_map()) type = type->map_value()->message_type();
  if (type == nullptr) return success();
  for (auto& element : value) {
    if (Status status = visit(*type, element); !status) return status;
  }
  return success();
}

}  // namespace

void open_contents(const Descriptor& type, WrittenJson& tree) {
  if (!tree.is_object()) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.message_type() == nullptr) continue;
    auto value = tree.find(field.json_name());
    if (value == tree.end()) continue;
    auto open = [](const Descriptor& inner_type, WrittenJson& inner) {
      open_contents(inner_type, inner);
      return success();
    };
    (void)for_each_message(field, *value, open);  // opening cannot fail
  }
  if (auto field = content_field(type)) open_content(*field, tree);
}

Status close_contents(const Descriptor& type, ReadJson& tree) {
  if (!tree.is_object()) return success();  // reading it will say what is wrong
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.message_type() == nullptr) continue;
    auto value = find_field(tree, field);
    if (!value) return value.take_error();
    if (*value == nullptr) continue;
    Status status = for_each_message(field, **value, close_contents);
    if (!status) return bad_json(field.json_name(), status.error().message());
  }
  auto field = content_field(type);
  return field ? close_content(*field, tree) : success();
}

WrittenJson open_bytes(std::string_view bytes, const Message& prototype) {
  std::unique_ptr<Message> message(prototype.New());
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return nullptr;
  std::size_t with_unknown = message->ByteSizeLong();
  message->DiscardUnknownFields();
  if (with_unknown > 0 && message->ByteSizeLong() == 0) return nullptr;
  WrittenJson tree = print_message(*message);
  open_contents(*message->GetDescriptor(), tree);
  return tree;
}

Result<std::string> close_bytes(ReadJson& tree, const Message& prototype) {
  std::unique_ptr<Message> message(prototype.New());
  if (Status status = close_contents(*message->GetDescriptor(), tree); !status) {
    return status.take_error();
  }
  if (Status status = read_message(tree, *message); !status) return status.take_error();
  return message->SerializeAsString();
}

}  // namespace linnet::wire
