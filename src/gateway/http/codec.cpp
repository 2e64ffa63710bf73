#include "http/codec.hpp"

#include "http/compression.hpp"
#include "http/message.hpp"

#include "linnet/wire/json.hpp"

#include <google/protobuf/message.h>

#include <algorithm>

namespace linnet::gateway {
namespace {

std::string_view strip(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t'))
    text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t'))
    text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string> media_type(std::string_view header) {
  auto semicolon = header.find(';');
  auto type = strip(header.substr(0, semicolon));
  while (semicolon != std::string_view::npos) {
    header.remove_prefix(semicolon + 1);
    semicolon = header.find(';');
    auto parameter = strip(header.substr(0, semicolon));
    constexpr std::string_view kCharset = "charset=";
    if (!equals_ignoring_case(parameter.substr(0, kCharset.size()), kCharset)) continue;
    auto charset = parameter.substr(kCharset.size());
    if (!equals_ignoring_case(charset, "utf-8") && !equals_ignoring_case(charset, "\"utf-8\""))
      return std::nullopt;
  }
  std::string lower(type);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

Status decode(Codec codec, std::string_view bytes, google::protobuf::Message& message) {
  if (codec != Codec::kProto) {
    if (strip(bytes).empty())
      return Error(ErrCode::kBadRequest, "the body is empty; send a JSON object, at least {}");
    return wire::from_json(bytes, message);
  }
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Error(ErrCode::kBadRequest,
                 "the bytes are no valid " + message.GetDescriptor()->full_name());
  return success();
}

std::string encode(Codec codec, const google::protobuf::Message& message) {
  switch (codec) {
    case Codec::kJson: return wire::to_json(message);
    case Codec::kPlainJson: return wire::to_plain_json(message);
    case Codec::kProto: break;
  }
  return message.SerializeAsString();
}

Status unpack(const Packed& packed, std::string_view bytes, google::protobuf::Message& message,
              std::size_t& unpacked) {
  unpacked = std::min(bytes.size(), packed.limit);
  if (bytes.size() > packed.limit) return too_large(packed.limit);
  if (!packed.compressed || bytes.empty()) return decode(packed.codec, bytes, message);
  unpacked = packed.limit;
  auto plain = gunzip(bytes, packed.limit);
  if (!plain) return plain.take_error();
  unpacked = plain->size();
  return decode(packed.codec, *plain, message);
}

Error too_large(std::size_t limit) {
  return Error(ErrCode::kTooLarge, "a request has at most " + std::to_string(limit) + " bytes");
}

}  // namespace linnet::gateway
