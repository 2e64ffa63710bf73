#include "grpc/connections.hpp"

#include "grpc/peer.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace linnet::gateway {
namespace {

// A look takes two system calls for each connection: of thousands each is looked at less often.
constexpr std::chrono::milliseconds kLookSoonest{100};
constexpr std::chrono::milliseconds kLookLatest{2000};
constexpr std::chrono::microseconds kLookForEach{500};
// What may have come and not been read: each 27 bytes of it may begin and cancel a call. gRPC reads
// it in one go, so that it has time for those calls before more has come. 64 connections that only
// cancel took 70 to 90 MB so, and 700 to 1,000 with what the kernel allows (linnet-flood, resets).
constexpr int kUnreadBytes = 16 * 1024;

}  // namespace

GrpcConnections::GrpcConnections(Shard& shard, GrpcServer& grpc, WasteGuard& waste,
                                 Refusals& refusals)
    : ended_(shard.context()),
      grpc_(grpc),
      waste_(waste),
      refusals_(refusals),
      sweep_(shard.context()) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return;  // nothing can be watched
  boost::system::error_code error;
  ended_.assign(epoll, error);
  if (error) ::close(epoll);
}

void GrpcConnections::take(TcpSocket socket, Gate::Ticket ticket) {
  if (waste_.barred(ticket.address())) return;
  boost::system::error_code error;
  socket.native_non_blocking(true, error);
  boost::system::error_code ignored;
  socket.set_option(boost::asio::socket_base::receive_buffer_size(kUnreadBytes), ignored);
  const int connection = socket.native_handle();
  boost::system::error_code gone;
  const auto peer = socket.remote_endpoint(gone);
  if (gone) return;
  if (error || !watch(connection, {std::move(ticket), peer_name(peer), nullptr})) {
    refusals_.count(Refusal::kNoDescriptors);
    return;
  }
  socket.release(error);
  if (error) {
    ::shutdown(connection, SHUT_RDWR);
  } else {
    grpc_.serve(connection);
  }
}

bool GrpcConnections::watch(int connection, Watched watched) {
  if (!ended_.is_open()) return false;
  const int second = ::fcntl(connection, F_DUPFD_CLOEXEC, 0);
  if (second < 0) return false;
  // No event is asked for: an end and an error are told without.
  epoll_event event{};
  event.data.fd = second;
  if (::epoll_ctl(ended_.native_handle(), EPOLL_CTL_ADD, second, &event) != 0) {
    ::close(second);
    return false;
  }
  // Behind an address of this machine everybody may be.
  if (!is_local_peer(watched.peer))
    watched.account = waste_.enter(watched.peer, watched.ticket.address(), second);
  watched_.emplace(second, std::move(watched));
  if (watched_.size() == 1) wait();
  if (!sweeping_) look_for_waste();
  return true;
}

void GrpcConnections::stop() {
  boost::system::error_code ignored;
  ended_.close(ignored);
  sweep_.cancel();
  while (!watched_.empty())
    forget(watched_.begin()->first);
}

void GrpcConnections::forget(int second) {
  const auto found = watched_.find(second);
  waste_.leave(found->second.peer, found->second.account);
  ::close(second);
  watched_.erase(found);
}

void GrpcConnections::look_for_waste() {
  sweeping_ = !watched_.empty();
  if (!sweeping_) return;
  for (const auto& [second, watched] : watched_)
    if (watched.account) watched.account->look();
  const auto wait = static_cast<std::int64_t>(watched_.size()) * kLookForEach;
  sweep_.expires_after(std::clamp<std::chrono::microseconds>(wait, kLookSoonest, kLookLatest));
  sweep_.async_wait([this](boost::system::error_code error) {
    if (!error) look_for_waste();
  });
}

void GrpcConnections::wait() {
  ended_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this](boost::system::error_code error) {
                      if (error) return;
                      look();
                      if (!watched_.empty()) wait();
                    });
}

void GrpcConnections::look() {
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count =
        ::epoll_wait(ended_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
      const int second = events.at(static_cast<std::size_t>(i)).data.fd;
      // Closing alone would not do while gRPC's descriptor is there.
      ::epoll_ctl(ended_.native_handle(), EPOLL_CTL_DEL, second, nullptr);
      if (const auto& account = watched_.at(second).account) account->peer_gone();
      forget(second);
    }
    if (count < static_cast<int>(events.size())) return;
  }
}

}  // namespace linnet::gateway
