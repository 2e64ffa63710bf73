#include "raw_client.hpp"

#include "raw_http.hpp"
#include "secrets.hpp"

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

in_addr server_address{htonl(INADDR_LOOPBACK)};

std::size_t number_in(std::string_view text) {
  std::size_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc() || at != end) throw ProtocolError("no number: " + std::string(text));
  return number;
}

}  // namespace

// Reads one HTTP answer; leaves what came behind it in `bytes`.
HttpAnswer read_answer(Socket& socket, std::string& bytes) {
  while (bytes.find("\r\n\r\n") == std::string::npos) {
    if (!socket.receive(bytes)) fail("the server closed before its answer: " + bytes);
  }
  HttpAnswer answer;
  auto head_end = bytes.find("\r\n\r\n");
  std::string head = bytes.substr(0, head_end + 2);
  if (!head.starts_with("HTTP/1.") || head.size() < 12) throw ProtocolError("no HTTP: " + head);
  answer.status = static_cast<int>(number_in(std::string_view(head).substr(9, 3)));
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
  auto wanted = length == answer.headers.end() ? 0 : number_in(length->second);
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

Refused refusal(const std::string& what, const HttpAnswer& answer) {
  constexpr int kRequestTimeout = 408;
  const auto error = nlohmann::json::parse(answer.body, nullptr, false);
  const auto at = nlohmann::json::json_pointer("/details/0/debug/code");
  int code = answer.status == kRequestTimeout ? pb::EC_TIMEOUT : 0;
  if (error.is_object() && error.contains(at) && error[at].is_number_integer())
    code = error[at].get<int>();
  return {code, what + " answered " + std::to_string(answer.status) + " " + answer.body};
}

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
  if (answer.status != 200) throw refusal(path, answer);
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

}  // namespace linnet::test
