#include "supervisor.hpp"

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace linnet::app {
namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr int kMost = 64;

// The environment is changed by inherited_sockets() alone, before there are other threads.
const char* environment(const char* name) {
  return std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
}

std::optional<long> number(const char* name) {
  const char* text = environment(name);
  if (text == nullptr) return std::nullopt;
  long value = 0;
  const char* end = text + std::strlen(text);
  auto [stop, failed] = std::from_chars(text, end, value);
  if (failed != std::errc() || stop != end) return std::nullopt;
  return value;
}

int option(int descriptor, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

bool listens(int descriptor) {
  const int domain = option(descriptor, SO_DOMAIN);
  return (domain == AF_INET || domain == AF_INET6) && option(descriptor, SO_TYPE) == SOCK_STREAM &&
         option(descriptor, SO_ACCEPTCONN) == 1;
}

}  // namespace

Result<std::vector<int>> inherited_sockets() {
  const auto process = number("LISTEN_PID");
  const auto count = number("LISTEN_FDS");
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
    ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
  std::vector<int> sockets;
  if (process != ::getpid() || !count) return sockets;
  if (*count < 0 || *count > kMost)
    return Error(ErrCode::kBadRequest, "LISTEN_FDS is " + std::to_string(*count) +
                                           ", and no number from 0 to " + std::to_string(kMost));
  for (int i = 0; i < *count; ++i) {
    const int descriptor = kFirst + i;
    if (!listens(descriptor))
      return Error(ErrCode::kBadRequest, "descriptor " + std::to_string(descriptor) +
                                             ", which LISTEN_FDS counts, is no TCP socket that "
                                             "listens");
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    sockets.push_back(descriptor);
  }
  return sockets;
}

void tell_supervisor(std::string_view state) {
  const char* path = environment("NOTIFY_SOCKET");
  sockaddr_un to{};
  if (path == nullptr || *path == '\0' || std::strlen(path) >= sizeof to.sun_path) return;
  to.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  std::memcpy(to.sun_path, path, length);
  if (*path == '@') to.sun_path[0] = '\0';  // no file, a name in the system's table
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
  ::close(socket);
}

}  // namespace linnet::app
