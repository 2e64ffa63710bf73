#include "grpc/receive_stream.hpp"

#include "packets.hpp"
#include "pb/conn.ext.pb.h"

#include <utility>

namespace linnet::gateway {
namespace {

constexpr std::chrono::milliseconds kLook{250};

}  // namespace

ReceiveStream::ReceiveStream(ReceiveStreams& all, MessageWriter& writer)
    : all_(all), writer_(&writer), session_(*this, all.options(), all.now()) {}

Shard& ReceiveStream::shard() {
  return all_.shard();
}

// ---- beginning and ending ----

void ReceiveStream::refuse(const Error& why) {
  if (writer_ != nullptr) finish(why);
}

void ReceiveStream::start(user::Identity identity, Seq after) {
  if (writer_ == nullptr) return;
  if (!all_.add(shared_from_this())) {
    finish(Error(ErrCode::kShuttingDown));
    return;
  }
  last_written_ = all_.now();
  writer_->open();
  session_.start_stream(identity, after);
}

void ReceiveStream::end(wire::CloseCode code, std::string_view) {
  const auto other =
      code == wire::CloseCode::kGoingAway ? ErrCode::kShuttingDown : ErrCode::kServerUnknown;
  end_ = told_.value_or(Error(other));
  last_written_ = all_.now();
  write_next();
}

void ReceiveStream::drain(std::chrono::milliseconds spread) {
  session_.on_closed();
  if (!told_) told_ = goodbye(spread);
  if (!end_) end(wire::CloseCode::kGoingAway, {});
}

void ReceiveStream::on_cancelled() {
  session_.on_closed();
  if (writer_ != nullptr) finish(Error(ErrCode::kTimeout, "the call was cancelled"));
}

void ReceiveStream::finish(const Error& why) {
  queue_.clear();
  std::exchange(writer_, nullptr)->finish(why);
}

// Whether its client lives shows in what it takes.
void ReceiveStream::sweep(std::chrono::milliseconds now) {
  if (writer_ == nullptr) return;
  session_.on_sweep(now, std::chrono::milliseconds::max());
  if (busy_ && now - last_written_ >= all_.options().ws_idle) writer_->cancel();
}

// ---- writing ----

// Of packets a stream has only the error with which it ends.
void ReceiveStream::send(const pb::Output& packet) {
  if (packet.code() != 0) told_ = Error(static_cast<ErrCode>(packet.code()), packet.message());
}

void ReceiveStream::send_push(Seq seq, const wire::Push& push) {
  all_.page_reads().sent();
  if (writer_ == nullptr || end_) return;
  std::string message;
  push.append_message(seq, message);
  unsent_ += message.size();
  queue_.push_back(std::move(message));
  write_next();
}

void ReceiveStream::write_next() {
  if (writer_ == nullptr || busy_) return;
  if (queue_.empty()) {
    if (end_) finish(*end_);
    return;
  }
  busy_ = true;
  writing_ = queue_.front().size();
  auto message = std::move(queue_.front());
  queue_.pop_front();
  writer_->write(std::move(message));
}

void ReceiveStream::on_written(bool ok) {
  busy_ = false;
  unsent_ -= writing_;
  if (!ok) {
    on_cancelled();
    return;
  }
  last_written_ = all_.now();
  write_next();
  if (unsent_ == 0) session_.on_drained();
}

// ---- what the session asks for, each a call of a service, answered on the shard ----

template <class T>
Done<T> ReceiveStream::on_shard(void (Session::*function)(Result<T>)) {
  return [self = shared_from_this(), function](Result<T> result) mutable {
    auto& shard = self->shard();
    shard.post([self = std::move(self), function, result = std::move(result)]() mutable {
      if (self->writer_ != nullptr) (self->session_.*function)(std::move(result));
    });
  };
}

void ReceiveStream::authenticate(user::Credentials credentials) {
  all_.services().authenticator.authenticate(std::move(credentials),
                                             on_shard(&Session::on_authenticated));
}

void ReceiveStream::find_head(UserId user) {
  all_.services().messages.head(user, on_shard(&Session::on_head));
}

void ReceiveStream::find_start(UserId user, Seq seq) {
  all_.services().messages.sync_start(user, seq, on_shard(&Session::on_start));
}

void ReceiveStream::find_restart(UserId user, DeviceId device) {
  all_.services().messages.sync_restart(user, device, on_shard(&Session::on_start));
}

void ReceiveStream::read(UserId user, Seq after, store::PageLimit limit) {
  all_.page_reads().read(shared_from_this(), user, after, limit);
}

router::Attachment ReceiveStream::attach(UserId user, DeviceId device, router::Outlet& outlet) {
  return all_.services().router.attach(user, device, shard(), outlet);
}

void ReceiveStream::confirm(user::Identity identity) {
  all_.services().authenticator.confirm(identity, on_shard(&Session::on_confirmed));
}

void ReceiveStream::follow_groups(UserId user) {
  all_.services().messages.follow_groups(user, on_shard(&Session::on_following));
}

void ReceiveStream::detached(DeviceId device) {
  all_.services().devices.seen(device);
}

// ---- all of a shard ----

bool ReceiveStreams::add(const std::shared_ptr<ReceiveStream>& stream) {
  if (draining_) return false;
  streams_.push_back(stream);
  if (streams_.size() == 1) sweep_later();
  return true;
}

void ReceiveStreams::drain(std::chrono::milliseconds spread) {
  draining_ = true;
  timer_.cancel();
  page_reads_.stop();
  for (const auto& stream : std::exchange(streams_, {}))
    stream->drain(spread);
}

void ReceiveStreams::sweep_later() {
  timer_.expires_after(kLook);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || draining_) return;
    const auto time = now();
    for (const auto& stream : streams_)
      stream->sweep(time);
    std::erase_if(streams_, [](const auto& stream) { return stream->closed(); });
    if (!streams_.empty()) sweep_later();
  });
}

}  // namespace linnet::gateway
