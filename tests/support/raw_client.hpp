// Clients made of nothing but sockets, the wire codecs and protobuf, for tests that look at the
// bytes. Blocking, with a deadline on everything; what goes wrong throws, so that a test fails at
// the line that waited.
#pragma once

#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/user.ext.pb.h"

#include "linnet/base/ids.hpp"
#include "linnet/wire/websocket.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linnet::test {

inline constexpr std::chrono::milliseconds kPatience{
    20000};  // sanitizers on a busy machine are slow

// Nothing came in time; whatever comes later can still be received.
struct TimedOut : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What came is nothing that a server may say.
struct ProtocolError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The server said no.
struct Refused : std::runtime_error {
  Refused(int why, const std::string& what) : std::runtime_error(what), code(why) {}
  int code;  // ErrCode; 0: none came
};

// Whatever connects from now on goes to this IPv4 address instead of 127.0.0.1. Thread: one, when
// no other connects.
void connect_to(const std::string& address);

class Socket {
 public:
  Socket() = default;
  // Connects on loopback or where connect_to() says, from the address `from` if that is given
  // (127.x.y.z).
  explicit Socket(std::uint16_t port, const std::string& from = {});
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  void send(std::string_view bytes);
  // Appends what comes to `into`; false when the peer has closed. Throws after `limit`.
  bool receive(std::string& into, std::chrono::milliseconds limit = kPatience);
  // Whether anything (or the end) comes within `limit`.
  bool readable(std::chrono::milliseconds limit);
  void shut_down_sending();
  void set_receive_buffer(int bytes);
  void close();
  bool open() const { return fd_ >= 0; }
  int handle() const { return fd_; }

 private:
  int fd_ = -1;
};

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

// Every byte as %XX, for a request's target.
std::string percent_encoded(std::string_view text);

// What an answer says that is no success.
Refused refusal(const std::string& what, const HttpAnswer& answer);

// One request on a connection of its own.
HttpAnswer http(std::uint16_t port, const std::string& method, const std::string& target,
                const Headers& headers = {}, const std::string& body = {});

// One connection for any number of requests.
class HttpConnection {
 public:
  explicit HttpConnection(std::uint16_t port) : port_(port), socket_(port) {}
  HttpAnswer ask(const std::string& method, const std::string& target, const Headers& headers = {},
                 const std::string& body = {});

 private:
  std::uint16_t port_;
  Socket socket_;
  std::string received_;
};

struct TestUser {
  UserId id;
  DeviceId device;
  std::string token;
};

struct CallError {
  int status = 0;
  int code = 0;  // ErrCode
};

// Calls over HTTP in binary protobuf, as one user's device.
class Caller {
 public:
  explicit Caller(std::uint16_t http_port) : port_(http_port) {}
  void use(const TestUser& user) { user_ = user; }

  // Throws when the call fails.
  template <class Response, class Request>
  Response call(const std::string& path, const Request& request) {
    auto answer = post(path, request.SerializeAsString());
    Response response;
    expect_ok(path, answer);
    if (!response.ParseFromString(answer.body)) throw std::runtime_error(path + ": bad answer");
    return response;
  }
  // The error of a call that must fail; code 0 when it did not.
  template <class Request>
  CallError fails(const std::string& path, const Request& request) {
    return to_error(post(path, request.SerializeAsString()));
  }
  HttpAnswer post(const std::string& path, const std::string& body,
                  const std::string& type = "application/proto");

 private:
  static void expect_ok(const std::string& path, const HttpAnswer& answer);
  static CallError to_error(const HttpAnswer& answer);
  std::uint16_t port_;
  std::optional<TestUser> user_;
};

DeviceId new_device(std::uint16_t http_port);
// A person on a new device; `phone` decides who.
TestUser sign_in(std::uint16_t http_port, const std::string& phone);
// Another sign-in on a device that exists.
TestUser sign_in_on(std::uint16_t http_port, const std::string& phone, DeviceId device);
void make_friends(std::uint16_t http_port, const TestUser& a, const TestUser& b);
pb::SendMessageReq text_to(UserId receiver, const std::string& text, std::int64_t request_id = 0,
                           bool persist = true);
// Sends and returns the sender's seq.
Seq send_text(std::uint16_t http_port, const TestUser& from, UserId to, const std::string& text,
              std::int64_t request_id = 0, bool persist = true);
std::string text_of(const pb::MessageItem& item);

// The long connection over either door.
class LongConnection {
 public:
  enum class Door { kTcp, kWebSocket, kWebSocketJson };

  // Connects and signs in; throws when that is refused.
  static LongConnection sign_in(Door door, std::uint16_t tcp_port, std::uint16_t http_port,
                                const TestUser& user);
  // Connects over TCP and says nothing.
  static LongConnection raw_tcp(std::uint16_t tcp_port);

  void send(pb::PackageType type, std::int64_t request_id, const std::string& data);
  // The next packet; nothing when the peer has closed. Throws after `limit`.
  std::optional<pb::Output> receive(std::chrono::milliseconds limit = kPatience);
  // The inbox after `seq`, over however many packets.
  std::vector<pb::MessageItem> sync(std::int64_t seq);
  // The next pushed message; other packets are skipped.
  pb::MessageItem next_message(std::chrono::milliseconds limit = kPatience);
  void acknowledge(std::int64_t seq);
  // The code of the close frame that ended the connection (WebSocket).
  wire::CloseCode close_code() const { return close_code_; }
  const std::string& close_reason() const { return close_reason_; }
  Socket& socket() { return socket_; }

 private:
  LongConnection(Door door, Socket socket) : door_(door), socket_(std::move(socket)) {}
  bool take(pb::Output& packet);
  bool take_tcp(pb::Output& packet);
  bool take_web_socket(pb::Output& packet);

  Door door_;
  Socket socket_;
  std::string received_;
  wire::WsDecoder decoder_{wire::WsRole::kClient, 1U << 20U};
  wire::CloseCode close_code_ = wire::CloseCode::kNone;
  std::string close_reason_;
  bool closed_ = false;
};

}  // namespace linnet::test
