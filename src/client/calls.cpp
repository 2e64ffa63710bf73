// The HTTP side of calls: requests out, answers and errors in, and the connections kept between.
#include "linnet/client/calls.hpp"

#include "connect_error.hpp"
#include "http_reader.hpp"
#include "socket.hpp"

#include <mutex>
#include <optional>
#include <vector>

namespace linnet::client {
namespace {

struct Attempt {
  Result<HttpAnswer> answer;
  bool begun = false;  // a byte of the answer has come
};

Attempt exchange(Socket& socket, std::string_view request, SteadyTime deadline) {
  auto sent = socket.send_all(request, deadline);
  if (!sent) return {sent.take_error(), false};
  HttpReader reader;
  std::string bytes;
  for (;;) {
    auto got = socket.receive(bytes, deadline);
    if (!got) return {got.take_error(), reader.begun()};
    if (*got == 0)
      return {Error(ErrCode::kServerUnknown, "the server closed before its answer was whole"),
              reader.begun()};
    auto whole = reader.feed(bytes);
    if (!whole) return {whole.take_error(), true};
    if (!*whole) continue;
    auto answer = reader.take();
    if (!bytes.empty()) answer.keep_alive = false;  // nobody asked for what follows
    return {std::move(answer), true};
  }
}

std::string host_header(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

struct Calls::Impl {
  explicit Impl(Options given) : options(std::move(given)) {}

  std::optional<Socket> take_kept() {
    std::lock_guard lock(mutex);
    while (!kept.empty()) {
      auto socket = std::move(kept.back());
      kept.pop_back();
      if (!socket.stale()) return socket;
    }
    return std::nullopt;
  }

  void keep(Socket socket) {
    std::lock_guard lock(mutex);
    if (kept.size() < options.kept_connections) kept.push_back(std::move(socket));
  }

  Result<HttpAnswer> post(std::string_view request, Repeat repeat) {
    const auto deadline = std::chrono::steady_clock::now() + options.timeout;
    if (auto old = take_kept()) {
      auto attempt = exchange(*old, request, deadline);
      const bool again = !attempt.answer && !attempt.begun && repeat == Repeat::kSafe &&
                         attempt.answer.code() != ErrCode::kTimeout;
      if (!again) return finish(std::move(*old), std::move(attempt));
    }
    auto fresh = Socket::connect(options.host, options.port, deadline);
    if (!fresh) return fresh.take_error();
    auto attempt = exchange(*fresh, request, deadline);
    return finish(std::move(*fresh), std::move(attempt));
  }

  Result<HttpAnswer> finish(Socket socket, Attempt attempt) {
    if (attempt.answer && attempt.answer->keep_alive) keep(std::move(socket));
    return std::move(attempt.answer);
  }

  Options options;
  std::mutex mutex;
  std::vector<Socket> kept;
};

Calls::Calls(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Calls::~Calls() = default;

Result<std::string> Calls::call_bytes(std::string_view path, const std::string& request,
                                      std::string_view token, Repeat repeat) {
  if (!is_header_safe(path) || !is_header_safe(token) || !is_header_safe(impl_->options.host))
    return Error(ErrCode::kBadRequest, "a path, host or token with blanks or control characters");
  std::string text = "POST ";
  text += path;
  text += " HTTP/1.1\r\nHost: " + host_header(impl_->options.host, impl_->options.port);
  text += "\r\nContent-Type: application/proto\r\nConnect-Protocol-Version: 1\r\n";
  if (!token.empty()) {
    text += "Authorization: Bearer ";
    text += token;
    text += "\r\n";
  }
  text += "Content-Length: " + std::to_string(request.size()) + "\r\n\r\n" + request;

  auto answer = impl_->post(text, repeat);
  if (!answer) return answer.take_error();
  if (answer->status != 200) return read_connect_error(answer->status, answer->body);
  if (answer->header("content-type") != "application/proto")
    return Error(ErrCode::kServerUnknown, "the server's answer is no protobuf");
  return std::move(answer->body);
}

bool is_passing(ErrCode code) {
  switch (code) {
    case ErrCode::kServerUnknown:
    case ErrCode::kServerBusy:
    case ErrCode::kRateLimited:
    case ErrCode::kTimeout:
    case ErrCode::kShuttingDown: return true;
    default: return false;
  }
}

}  // namespace linnet::client
