#include "grpc/connections.hpp"

#include <array>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace linnet::gateway {

GrpcConnections::GrpcConnections(Shard& shard, GrpcServer& grpc, Refusals& refusals)
    : ended_(shard.context()), grpc_(grpc), refusals_(refusals) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return;  // nothing can be watched
  boost::system::error_code error;
  ended_.assign(epoll, error);
  if (error) ::close(epoll);
}

void GrpcConnections::take(TcpSocket socket, Gate::Ticket ticket) {
  boost::system::error_code error;
  socket.native_non_blocking(true, error);
  const int connection = socket.native_handle();
  if (error || !watch(connection, std::move(ticket))) {
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

bool GrpcConnections::watch(int connection, Gate::Ticket ticket) {
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
  tickets_.emplace(second, std::move(ticket));
  if (tickets_.size() == 1) wait();
  return true;
}

void GrpcConnections::stop() {
  boost::system::error_code ignored;
  ended_.close(ignored);
  for (const auto& [second, ticket] : tickets_)
    ::close(second);
  tickets_.clear();
}

void GrpcConnections::wait() {
  ended_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this](boost::system::error_code error) {
                      if (error) return;
                      look();
                      if (!tickets_.empty()) wait();
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
      ::close(second);
      tickets_.erase(second);
    }
    if (count < static_cast<int>(events.size())) return;
  }
}

}  // namespace linnet::gateway
