// A client of the server: calls, and one long connection that is kept up and resumed.
//
//   Client client(Client::Options{});
//   auto account = client.sign_in("13800000000", "123456");
//   client.connect({.on_message = [](const pb::MessageItem& item) { … }});
//   client.send_text(friend_id, "hello");
#pragma once

#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/user.ext.pb.h"

#include "linnet/base/error.hpp"
#include "linnet/base/ids.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::client {

enum class Transport { kTcp, kWebSocket };

// What a device says of itself when it is registered: `type` from 1 to 5, texts of 1 to 128 bytes.
struct DeviceInfo {
  std::int32_t type = 3;  // 1 Android, 2 iOS, 3 Windows, 4 macOS, 5 Web
  std::string brand = "linnet";
  std::string model = "client";
  std::string system_version = "1";
  std::string sdk_version = "1";
};

// Who the client is. An application keeps it (the token is a secret) and adopts it at its next
// start; `last_seq` must then be the highest seq whose message the application has kept.
struct Account {
  UserId user;
  DeviceId device;
  std::string token;
  Seq last_seq;
};

struct SendOptions {
  // False: to whoever is connected, stored nowhere, and tried only once.
  bool persist = true;
  // Sends with the same id from one device are one message; none: a fresh one.
  RequestId request_id = {};
};

enum class State {
  kConnecting,
  kOnline,   // signed in and synced: what comes from now on is new
  kWaiting,  // the connection is lost and will be tried again; the error says why
  kEnded,    // for good: signed in elsewhere on this device, or the token is no longer valid
};

std::string_view name(State state);

// Called on the client's own thread, one at a time; they must not throw, and may make calls.
struct Handlers {
  // Each message of the inbox once and in order of seq, also after reconnections; messages that are
  // stored nowhere (seq 0) and those of large groups (RT_LARGE_GROUP, with the group's seq) as they
  // come. When it returns the message is taken as kept and will
  // be acknowledged. Messages that this very device sent come only with a sync. After a server was
  // restored from a backup, it is what came after the device's newest acknowledgement in there.
  std::function<void(const pb::MessageItem& item)> on_message;
  // `error` in kWaiting and kEnded, otherwise null.
  std::function<void(State state, const Error* error)> on_state;
};

// All functions block. Thread: any; only the constructor and the destructor need the client for
// themselves. Errors: the server's own; kTimeout and kServerUnknown when it does not answer;
// kUnauthorized without an account.
class Client {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t http_port = 8081;
    std::uint16_t tcp_port = 8080;
    Transport transport = Transport::kTcp;
    // For a call, and for opening the long connection.
    std::chrono::milliseconds call_timeout{5000};
    // How long send() tries.
    std::chrono::milliseconds send_timeout{30000};
    // The n-th wait before trying again is evenly from [0, min(max, base * 2^n)].
    std::chrono::milliseconds backoff_base{500};
    std::chrono::milliseconds backoff_max{20000};
    std::chrono::milliseconds heartbeat{300000};
    // A server that owes an answer on the long connection for this long is taken for dead.
    std::chrono::milliseconds answer_timeout{10000};
    DeviceInfo device;
  };

  explicit Client(Options options);
  // Disconnects. Not in a handler.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Makes a new device and forgets the user. kBadRequest while connected.
  Result<DeviceId> register_device();
  // Has a sign-in code sent to the number, and says how long it is good; 0: none is sent, the
  // server is in development mode and printed its code.
  Result<std::chrono::seconds> send_code(std::string_view phone_number);
  // Signs in on the device, registering one first if there is none. The seq of a user who was
  // signed in before is kept. kBadRequest while connected.
  Result<Account> sign_in(std::string_view phone_number, std::string_view code);
  // Becomes an account that was kept. kBadRequest while connected.
  Status adopt(Account account);
  // With the seq up to which on_message has had what there was for this device.
  Account account() const;

  // Sends, and tries again with the same request id while nobody answers or the server is busy.
  // Returns the sender's seq (0 if not persisted). An error after send_timeout (kTimeout and
  // kServerUnknown) leaves open whether the message was sent.
  Result<Seq> send_text(UserId to, std::string_view text, SendOptions options = {});
  // `content`: the bytes of the message of that type.
  Result<Seq> send(UserId to, pb::MessageType type, std::string content, SendOptions options = {});

  Status add_friend(UserId user, std::string_view remarks = {}, std::string_view description = {});
  Status agree_add_friend(UserId user, std::string_view remarks = {});
  Result<std::vector<pb::Friend>> friends();
  Result<pb::User> get_user(UserId user);
  // Replaces the own profile.
  Status update_user(const pb::UpdateUserReq& profile);

  // Starts the long connection. kUnauthorized without an account, kBadRequest while connected.
  Status connect(Handlers handlers);
  // Ends it; when this returns no handler runs or will run. In a handler it only asks for that:
  // the handlers end once this one returns.
  void disconnect();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace linnet::client
