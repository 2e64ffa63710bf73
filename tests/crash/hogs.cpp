#include "hogs.hpp"

#include <algorithm>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <sys/resource.h>
#include <thread>
#include <utility>

namespace linnet::test {
namespace {

constexpr std::size_t kMegabyte = 1024 * 1024;
constexpr std::size_t kBegun = 2000;
constexpr std::size_t kBody = 60'000;  // of a call, under http.body_bytes
constexpr std::size_t kLong = 30'000;  // of a message
constexpr int kAtOnce = 8;

// A line of /proc/PID/status, in kilobytes.
long status(pid_t pid, std::string_view name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name)) return std::stol(line.substr(name.size()));
  return 0;
}

std::string head(const TestUser& user, std::size_t length) {
  return "POST /pb.LogicExt/SendMessage HTTP/1.1\r\nHost: x\r\nContent-Type: application/proto\r\n"
         "Authorization: Bearer " +
         user.token + "\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

}  // namespace

void limit_memory(pid_t pid, std::uint64_t seed) {
  const auto now = static_cast<std::size_t>(status(pid, "VmSize:")) * 1024;
  rlimit limit{};
  limit.rlim_cur = now + (8 + seed * 31 % 62) * kMegabyte;
  limit.rlim_max = limit.rlim_cur;
  if (prlimit(pid, RLIMIT_AS, &limit, nullptr) != 0)
    throw std::runtime_error("the server's memory cannot be limited");
}

long resident(pid_t pid) {
  return status(pid, "VmRSS:");
}

Hogs::Hogs(const World& world, Ports ports, std::vector<TestUser> deaf)
    : world_(world), ports_(ports), deaf_(std::move(deaf)) {}

void Hogs::grow() {
  for (int i = 0; i < kAtOnce; ++i) {
    try {
      if (stalled_.size() < deaf_.size()) stall();
      if (begun_.size() < kBegun) begin_call();
      flood();
    } catch (const std::exception&) {
      // Refused, or there is nobody any more.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

// Asks for its whole inbox, and takes nothing of it nor of what is pushed.
void Hogs::stall() {
  const auto& user = deaf_[stalled_.size()];
  auto connection = LongConnection::raw_tcp(ports_.tcp);
  connection.socket().set_receive_buffer(4096);
  pb::SignInInput request;
  request.set_device_id(user.device.value());
  request.set_user_id(user.id.value());
  request.set_token(user.token);
  connection.send(pb::PT_SIGN_IN, 1, request.SerializeAsString());
  connection.send(pb::PT_SYNC, 2, pb::SyncInput().SerializeAsString());
  stalled_.push_back(std::move(connection));
}

void Hogs::begin_call() {
  Socket socket(ports_.http);
  socket.send(head(world_.senders[begun_.size() % kUsers], kBody) + std::string(kBody - 1, '.'));
  begun_.push_back(std::move(socket));
}

// To whoever listens: live only, so that no inbox has it.
void Hogs::flood() {
  const auto who = static_cast<std::size_t>(++number_);
  const auto& from = world_.readers[who % kUsers];
  const auto to = world_.readers[(who + 1) % kUsers].id;
  const auto body = text_to(to, std::string(kLong, '.'), number_, false).SerializeAsString();
  if (flooding_.size() >= kAtOnce) flooding_.pop_front();
  flooding_.emplace_back(ports_.http);
  flooding_.back().send(head(from, body.size()) + body);
}

}  // namespace linnet::test
