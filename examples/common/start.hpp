// What the two small clients begin with: options, the two calls over HTTP that sign a user in, and
// a connected socket. What goes wrong ends the program.
#pragma once

#include "linnet/base/ids.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace linnet::example {

[[noreturn]] void fail(std::string_view why);

// Who is signed in, and where the long connection is to go.
struct Start {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  UserId user;
  DeviceId device;
  std::string token;
};

// Reads the options (`port_option`, such as "--tcp-port", is where the long connection goes; with
// "--http-port" it goes where the calls go), makes a device and signs the user in on it.
Start start(int argc, char** argv, const std::string& about, const std::string& port_option);

// A blocking TCP connection's descriptor.
int connect_to(const std::string& address, std::uint16_t port);
void send_all(int fd, std::string_view bytes);
// Appends what comes to `into`. False when nothing came within `wait_ms`.
bool receive(int fd, std::string& into, std::int64_t wait_ms);

}  // namespace linnet::example
