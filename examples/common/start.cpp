// Options, calls and sockets of the small clients.
#include "common/start.hpp"

#include "common/printable.hpp"
#include "pb/logic.ext.pb.h"
#include "pb/user.ext.pb.h"

#include "linnet/client/calls.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <iostream>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace linnet::example {
namespace {

// A call's answer, or the end of the program.
template <class T>
T need(Result<T> answer) {
  if (!answer) fail(answer.error().message());
  return std::move(*answer);
}

}  // namespace

void fail(std::string_view why) {
  std::cerr << printable(why) << '\n';
  std::exit(1);  // NOLINT(concurrency-mt-unsafe): there is one thread
}

Start start(int argc, char** argv, const std::string& about, const std::string& port_option) {
  Start result;
  std::string phone;
  std::string code;
  std::uint16_t http_port = 8081;
  CLI::App app(about);
  app.add_option("--phone", phone, "phone number of the user")->required();
  app.add_option("--code", code, "verification code")->required();
  app.add_option("--host", result.host, "IPv4 address of the server")->capture_default_str();
  app.add_option("--http-port", http_port, "port of calls and WebSockets")->capture_default_str();
  if (port_option != "--http-port") {
    result.port = 8080;
    app.add_option(port_option, result.port, "port of the connection")->capture_default_str();
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));  // NOLINT(concurrency-mt-unsafe): there is one thread
  }
  if (result.port == 0) result.port = http_port;

  client::Calls::Options where;
  where.host = result.host;
  where.port = http_port;
  client::Calls calls(where);

  // A device is made once per installation; a client that is no example keeps its id.
  pb::RegisterDeviceReq device;
  device.set_type(3);
  device.set_brand("linnet");
  device.set_model("example");
  device.set_system_version("1");
  device.set_sdk_version("1");
  auto registered = need(calls.call<pb::RegisterDeviceResp>("/pb.LogicExt/RegisterDevice", device));

  pb::SignInReq sign_in;
  sign_in.set_phone_number(phone);
  sign_in.set_code(code);
  sign_in.set_device_id(registered.device_id());
  auto signed_in = need(calls.call<pb::SignInResp>("/pb.UserExt/SignIn", sign_in));

  result.user = UserId(signed_in.user_id());
  result.device = DeviceId(registered.device_id());
  result.token = signed_in.token();
  return result;
}

int connect_to(const std::string& address, std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) fail("--host is no IPv4 address");
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("cannot make a socket");
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("cannot connect");
  return fd;
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) fail("the connection broke");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool receive(int fd, std::string& into, std::int64_t wait_ms) {
  pollfd wait{fd, POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(std::clamp<std::int64_t>(wait_ms, 0, 1000000000))) == 0)
    return false;
  std::array<char, 4096> buffer;  // NOLINT: filled by recv
  auto count = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (count <= 0) fail("the server closed the connection");
  into.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

}  // namespace linnet::example
