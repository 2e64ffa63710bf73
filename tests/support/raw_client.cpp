#include "raw_client.hpp"

#include "secrets.hpp"

#include "linnet/wire/json.hpp"
#include "linnet/wire/tcp.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <charconv>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace linnet::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Reads one HTTP answer; leaves what came behind it in `bytes`.
HttpAnswer read_answer(Socket& socket, std::string& bytes) {
  while (bytes.find("\r\n\r\n") == std::string::npos) {
    if (!socket.receive(bytes)) fail("the server closed before its answer: " + bytes);
  }
  HttpAnswer answer;
  auto head_end = bytes.find("\r\n\r\n");
  std::string head = bytes.substr(0, head_end + 2);
  answer.status = std::stoi(head.substr(9, 3));
  for (auto at = head.find("\r\n") + 2; at < head.size();) {
    auto end = head.find("\r\n", at);
    auto colon = head.find(':', at);
    auto value = head.find_first_not_of(' ', colon + 1);
    answer.headers[lower(head.substr(at, colon - at))] =
        value < end ? head.substr(value, end - value) : "";
    at = end + 2;
  }
  bytes.erase(0, head_end + 4);
  if (answer.status == 101) return answer;
  auto length = answer.headers.find("content-length");
  auto wanted = length == answer.headers.end() ? 0 : std::stoul(length->second);
  while (bytes.size() < wanted) {
    if (!socket.receive(bytes)) fail("the server closed within its answer");
  }
  answer.body = bytes.substr(0, wanted);
  bytes.erase(0, wanted);
  return answer;
}

std::string request_text(std::uint16_t port, const std::string& method, const std::string& target,
                         const Headers& headers, const std::string& body) {
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:";
  text += std::to_string(port) + "\r\n";
  for (const auto& [name, value] : headers)
    text += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST")
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

in_addr server_address{htonl(INADDR_LOOPBACK)};

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (unsigned char c : text) {
    encoded += '%';
    encoded += kDigits[c / 16U];
    encoded += kDigits[c % 16U];
  }
  return encoded;
}

void connect_to(const std::string& address) {
  if (inet_pton(AF_INET, address.c_str(), &server_address) != 1) fail("no address: " + address);
}

Socket::Socket(std::uint16_t port, const std::string& from) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (!from.empty() && (inet_pton(AF_INET, from.c_str(), &address.sin_addr) != 1 ||
                        ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)) {
    close();
    fail("cannot connect from " + from);
  }
  address.sin_port = htons(port);
  address.sin_addr = server_address;
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close();
    fail("cannot connect to port " + std::to_string(port));
  }
  int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
Socket::~Socket() {
  close();
}

void Socket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) fail("cannot send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Socket::readable(std::chrono::milliseconds limit) {
  pollfd wait{fd_, POLLIN, 0};
  return poll(&wait, 1, static_cast<int>(limit.count())) > 0;
}

bool Socket::receive(std::string& into, std::chrono::milliseconds limit) {
  if (!readable(limit)) throw TimedOut("nothing came in time");
  std::array<char, 65536> buffer{};
  auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (got > 0) into.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

void Socket::shut_down_sending() {
  ::shutdown(fd_, SHUT_WR);
}

void Socket::set_receive_buffer(int bytes) {
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

void Socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

HttpAnswer http(std::uint16_t port, const std::string& method, const std::string& target,
                const Headers& headers, const std::string& body) {
  Socket socket(port);
  socket.send(request_text(port, method, target, headers, body));
  std::string bytes;
  return read_answer(socket, bytes);
}

HttpAnswer HttpConnection::ask(const std::string& method, const std::string& target,
                               const Headers& headers, const std::string& body) {
  socket_.send(request_text(port_, method, target, headers, body));
  return read_answer(socket_, received_);
}

HttpAnswer Caller::post(const std::string& path, const std::string& body, const std::string& type) {
  Headers headers{{"Content-Type", type}};
  if (user_) headers.emplace_back("Authorization", "Bearer " + user_->token);
  // A token of another system does not always say whose it is.
  if (user_ && user_->id) headers.emplace_back("X-User-Id", std::to_string(user_->id.value()));
  if (user_ && user_->device)
    headers.emplace_back("X-Device-Id", std::to_string(user_->device.value()));
  return http(port_, "POST", path, headers, body);
}

void Caller::expect_ok(const std::string& path, const HttpAnswer& answer) {
  if (answer.status != 200)
    fail(path + " answered " + std::to_string(answer.status) + " " + answer.body);
}

CallError Caller::to_error(const HttpAnswer& answer) {
  if (answer.status == 200) return {200, 0};
  auto body = nlohmann::json::parse(answer.body);
  return {answer.status, body.at("details").at(0).at("debug").at("code").get<int>()};
}

DeviceId new_device(std::uint16_t http_port) {
  pb::RegisterDeviceReq request;
  request.set_type(1);
  request.set_brand("test");
  request.set_model("test");
  request.set_system_version("1");
  request.set_sdk_version("1");
  auto device =
      Caller(http_port).call<pb::RegisterDeviceResp>("/pb.LogicExt/RegisterDevice", request);
  return DeviceId(device.device_id());
}

TestUser sign_in(std::uint16_t http_port, const std::string& phone) {
  return sign_in_on(http_port, phone, new_device(http_port));
}

TestUser sign_in_on(std::uint16_t http_port, const std::string& phone, DeviceId device) {
  pb::SignInReq request;
  request.set_phone_number(phone);
  request.set_code("424242");
  request.set_device_id(device.value());
  auto answer = Caller(http_port).call<pb::SignInResp>("/pb.UserExt/SignIn", request);
  remember_secret(answer.token());
  return {UserId(answer.user_id()), device, answer.token()};
}

void make_friends(std::uint16_t http_port, const TestUser& a, const TestUser& b) {
  Caller caller(http_port);
  caller.use(a);
  pb::AddFriendReq ask;
  ask.set_friend_id(b.id.value());
  caller.call<pb::AddFriendResp>("/pb.LogicExt/AddFriend", ask);
  caller.use(b);
  pb::AgreeAddFriendReq agree;
  agree.set_user_id(a.id.value());
  caller.call<pb::AgreeAddFriendResp>("/pb.LogicExt/AgreeAddFriend", agree);
}

pb::SendMessageReq text_to(UserId receiver, const std::string& text, std::int64_t request_id,
                           bool persist) {
  pb::Text content;
  content.set_text(text);
  pb::SendMessageReq request;
  request.set_receiver_type(pb::RT_USER);
  request.set_receiver_id(receiver.value());
  request.set_message_type(pb::MT_TEXT);
  request.set_message_content(content.SerializeAsString());
  request.set_is_persist(persist);
  request.set_request_id(request_id);
  return request;
}

Seq send_text(std::uint16_t http_port, const TestUser& from, UserId to, const std::string& text,
              std::int64_t request_id, bool persist) {
  Caller caller(http_port);
  caller.use(from);
  auto answer = caller.call<pb::SendMessageResp>("/pb.LogicExt/SendMessage",
                                                 text_to(to, text, request_id, persist));
  return Seq(answer.seq());
}

std::string text_of(const pb::MessageItem& item) {
  pb::Text text;
  return item.message_type() == pb::MT_TEXT && text.ParseFromString(item.message_content())
             ? text.text()
             : "(no text)";
}

LongConnection LongConnection::raw_tcp(std::uint16_t tcp_port) {
  return {Door::kTcp, Socket(tcp_port)};
}

LongConnection LongConnection::sign_in(Door door, std::uint16_t tcp_port, std::uint16_t http_port,
                                       const TestUser& user) {
  if (door == Door::kTcp) {
    auto connection = raw_tcp(tcp_port);
    pb::SignInInput sign_in;
    sign_in.set_user_id(user.id.value());
    sign_in.set_device_id(user.device.value());
    sign_in.set_token(user.token);
    connection.send(pb::PT_SIGN_IN, 1, sign_in.SerializeAsString());
    auto answer = connection.receive();
    if (!answer || answer->code() != 0) fail("sign-in refused");
    return connection;
  }
  LongConnection connection(door, Socket(http_port));
  std::string target = "/ws?user_id=" + std::to_string(user.id.value()) +
                       "&device_id=" + std::to_string(user.device.value()) +
                       "&token=" + user.token +
                       (door == Door::kWebSocketJson ? "&format=json" : "");
  connection.socket_.send(request_text(http_port, "GET", target,
                                       {{"Upgrade", "websocket"},
                                        {"Connection", "Upgrade"},
                                        {"Sec-WebSocket-Version", "13"},
                                        {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}},
                                       {}));
  auto answer = read_answer(connection.socket_, connection.received_);
  if (answer.status != 101) fail("upgrade refused: " + answer.body);
  return connection;
}

void LongConnection::send(pb::PackageType type, std::int64_t request_id, const std::string& data) {
  pb::Input packet;
  packet.set_type(type);
  packet.set_request_id(request_id);
  packet.set_data(data);
  std::string framed;
  if (door_ == Door::kTcp) {
    wire::append_tcp_frame(packet.SerializeAsString(), framed);
  } else if (door_ == Door::kWebSocket) {
    wire::append_masked_ws_frame(wire::WsOpcode::kBinary, packet.SerializeAsString(), 0x12345678U,
                                 framed);
  } else {
    wire::append_masked_ws_frame(wire::WsOpcode::kText, wire::packet_to_json(packet), 0x12345678U,
                                 framed);
  }
  socket_.send(framed);
}

bool LongConnection::take_tcp(pb::Output& packet) {
  std::string_view bytes(received_);
  auto next = wire::next_tcp_packet(bytes);
  if (!next) return false;
  if (!packet.ParseFromArray(next->data(), static_cast<int>(next->size()))) fail("no Output");
  received_.erase(0, received_.size() - bytes.size());
  return true;
}

bool LongConnection::take_web_socket(pb::Output& packet) {
  using Kind = wire::WsEvent::Kind;
  char* begin = received_.data();
  char* at = begin;
  auto event = decoder_.next(at, begin + received_.size());
  bool got = true;
  switch (event.kind) {
    case Kind::kNeedMore: return false;
    case Kind::kBinary:
      if (!packet.ParseFromArray(event.payload.data(), static_cast<int>(event.payload.size())))
        fail("no Output");
      break;
    case Kind::kText:
      if (!wire::packet_from_json(event.payload, packet)) fail("no JSON Output");
      break;
    case Kind::kClose:
      close_code_ = event.code;
      close_reason_ = event.payload;
      closed_ = true;
      return false;
    case Kind::kError: fail("the server sent a bad frame");
    default: got = false; break;
  }
  received_.erase(0, static_cast<std::size_t>(at - begin));
  return got || take_web_socket(packet);
}

bool LongConnection::take(pb::Output& packet) {
  return door_ == Door::kTcp ? take_tcp(packet) : take_web_socket(packet);
}

std::optional<pb::Output> LongConnection::receive(std::chrono::milliseconds limit) {
  pb::Output packet;
  while (!take(packet)) {
    if (closed_ || !socket_.receive(received_, limit)) return std::nullopt;
  }
  return packet;
}

std::vector<pb::MessageItem> LongConnection::sync(std::int64_t seq) {
  pb::SyncInput request;
  request.set_seq(seq);
  send(pb::PT_SYNC, 77, request.SerializeAsString());
  std::vector<pb::MessageItem> items;
  for (;;) {
    auto packet = receive();
    if (!packet) fail("closed while syncing");
    if (packet->type() != pb::PT_SYNC) continue;
    if (packet->code() != 0) fail("sync failed: " + packet->message());
    pb::SyncOutput answer;
    if (!answer.ParseFromString(packet->data())) fail("no SyncOutput");
    for (const auto& item : answer.messages())
      items.push_back(item);
    if (!answer.has_more()) return items;
  }
}

pb::MessageItem LongConnection::next_message(std::chrono::milliseconds limit) {
  for (;;) {
    auto packet = receive(limit);
    if (!packet) fail("closed while waiting for a message");
    if (packet->type() != pb::PT_MESSAGE) continue;
    pb::Message message;
    if (!message.ParseFromString(packet->data())) fail("no Message");
    return message.message();
  }
}

void LongConnection::acknowledge(std::int64_t seq) {
  pb::MessageACK ack;
  ack.set_device_ack(seq);
  send(pb::PT_MESSAGE, 0, ack.SerializeAsString());
}

}  // namespace linnet::test
