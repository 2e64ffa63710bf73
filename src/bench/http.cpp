#include "http.hpp"

#include "pb/logic.ext.pb.h"

#include <charconv>
#include <stdexcept>

namespace linnet::bench {
namespace {

// Ids from here on take five bytes as a varint, so that one can be written over another.
constexpr std::uint64_t kFirstId = std::uint64_t{1} << 28;
constexpr std::size_t kIdBytes = 5;
constexpr const char* kSendMessage = "/pb.LogicExt/SendMessage";
constexpr std::string_view kRequestIdTag("\x90\x03", 2);  // field 50, a varint

}  // namespace

std::string http_call(const std::string& path, const std::string& token, const std::string& body) {
  std::string text = "POST " + path;
  text += " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/proto\r\n";
  if (!token.empty()) text += "Authorization: Bearer " + token + "\r\n";
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return text + body;
}

SendCall::SendCall(const Account& from, pb::ReceiverType type, std::int64_t to,
                   std::size_t payload) {
  pb::Text content;
  content.set_text(std::string(payload, 'x'));
  pb::SendMessageReq request;
  request.set_receiver_type(type);
  request.set_receiver_id(to);
  request.set_message_type(pb::MT_TEXT);
  request.set_message_content(content.SerializeAsString());
  request.set_is_persist(true);
  body_ = request.SerializeAsString();
  body_ += kRequestIdTag;
  body_.append(kIdBytes, '\0');
  bytes_ = http_call(kSendMessage, from.token, body_);
}

void SendCall::use_tcp() {
  pb::CallInput call;
  call.set_method(kSendMessage);
  call.set_request(body_);
  bytes_ = frame(Door::kTcp, pb::PT_CALL, 1, call.SerializeAsString());
}

std::string_view SendCall::with_request_id(std::uint64_t number) {
  auto value = number + kFirstId;
  for (auto at = bytes_.size() - kIdBytes; at < bytes_.size(); ++at, value >>= 7U) {
    auto more = at + 1 < bytes_.size() ? 0x80U : 0U;
    bytes_[at] = static_cast<char>((value & 0x7FU) | more);
  }
  return bytes_;
}

std::int64_t SendCall::request_id(std::uint64_t number) {
  return static_cast<std::int64_t>(number + kFirstId);
}

std::uint64_t SendCall::number(std::int64_t request_id) {
  return static_cast<std::uint64_t>(request_id) - kFirstId;
}

std::optional<HttpReply> next_reply(std::string_view& bytes) {
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  auto head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return std::nullopt;
  auto head = bytes.substr(0, head_end);
  HttpReply reply;
  std::size_t length = 0;
  auto read = [](std::string_view text, auto& value) {
    return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
  };
  if (head.size() < 12 || !read(head.substr(9, 3), reply.status))
    throw std::runtime_error("no HTTP answer: " + std::string(head));
  auto at = head.find(kLength);
  if (at != std::string_view::npos && !read(head.substr(at + kLength.size()), length))
    throw std::runtime_error("no HTTP answer: " + std::string(head));
  auto whole = head_end + 4 + length;
  if (bytes.size() < whole) return std::nullopt;
  reply.body = bytes.substr(head_end + 4, length);
  bytes.remove_prefix(whole);
  return reply;
}

Callers::Callers(Poller& poller, const Address& http, std::size_t count, std::size_t first_tag)
    : first_tag_(first_tag) {
  links_.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    links_.emplace_back(poller, first_tag + i, http);
}

}  // namespace linnet::bench
