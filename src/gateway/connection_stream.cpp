// The part of a connection that is a stream over HTTP.
#include "connection.hpp"
#include "hub.hpp"
#include "pb/conn.ext.pb.h"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

namespace linnet::gateway {
namespace {

constexpr std::size_t kMostSaid = 64 * 1024;  // by a client that has nothing to say

}  // namespace

void Connection::start_stream(StreamStart start) {
  stream_ = std::make_unique<Stream>(start);
  stream_->last_sent = hub_.now();
  if (start.timeout) stream_->deadline = hub_.now() + *start.timeout;
  stream_->items.begin(out_);
  if (!out_.empty()) mark_unsent();
  session_.start_stream(start.identity, start.after);
  wait_readable();
}

// A client has nothing to say: what it sends is thrown away, and its end is the stream's.
void Connection::listen_for_end() {
  auto& buffer = hub_.buffer();
  auto got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got > 0) discarded_ += static_cast<std::size_t>(got);
  if (discarded_ > kMostSaid) {
    abort();
  } else if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) {
    wait_readable();
  } else {
    on_peer_done();
  }
}

// Appends the last of the stream: the error that the session told before, or what the code says.
void Connection::end_stream(wire::CloseCode code) {
  const auto other =
      code == wire::CloseCode::kGoingAway ? ErrCode::kShuttingDown : ErrCode::kServerUnknown;
  stream_->items.end(stream_->why.value_or(Error(other)), out_);
}

void Connection::sweep_stream(std::chrono::milliseconds now) {
  auto& stream = *stream_;
  if (stream.deadline && now >= *stream.deadline) {
    session_.on_closed();
    stream.why = Error(ErrCode::kTimeout);
    end(wire::CloseCode::kTryAgain, {});
    return;
  }
  const auto silent = now - stream.last_sent;
  if (unsent() > 0) {
    // It takes nothing at all: as a socket that is silent for too long.
    if (silent >= hub_.options().ws_idle) abort();
  } else if (silent >= hub_.options().stream_heartbeat) {
    stream.last_sent = now;
    stream.items.heartbeat(out_);
    mark_unsent();
  }
}

// When it is to be looked at if it has taken all by then.
std::chrono::milliseconds Connection::stream_due() const {
  const auto heartbeat = stream_->last_sent + hub_.options().stream_heartbeat;
  return stream_->deadline ? std::min(*stream_->deadline, heartbeat) : heartbeat;
}

}  // namespace linnet::gateway
