// The long connections of one shard: adds them, sweeps them, flushes at the end of each turn what
// they have unsent.
#pragma once

#include "connection.hpp"
#include "http/server.hpp"
#include "pb/conn.ext.pb.h"
#include "send_batch.hpp"
#include "services.hpp"
#include "shard_page_reads.hpp"
#include "turns.hpp"

#include "linnet/base/shard.hpp"

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace linnet::gateway {

// Thread: the shard's, but for construction.
class Hub final : public UpgradeSink {
 public:
  Hub(Shard& shard, Services services, const SessionOptions& options);

  void start();
  void add_tcp(TcpSocket socket, Gate::Ticket ticket);
  void upgraded(Upgraded upgraded) override;
  void streaming(TcpSocket socket, Gate::Ticket ticket, StreamStart start) override;
  // Tells every connection to go, and to come back within `spread`; lets them flush.
  void drain(std::chrono::milliseconds spread);
  // Closes what is left and forgets it.
  void stop();
  std::size_t size() const { return connections_.size(); }
  // While draining: within which time everybody comes back.
  std::chrono::milliseconds spread() const { return spread_; }

  Shard& shard() { return shard_; }
  Services& services() { return services_; }
  const SessionOptions& options() const { return options_; }
  std::chrono::milliseconds now() const { return services_.clock.steady(); }
  void flush_at_turn_end(std::shared_ptr<Connection> connection);
  // Calls take_turn() when everything else that is ready has been served.
  void resume_after_others(std::shared_ptr<Connection> connection);
  // The next sweep looks at it, whatever the last one found.
  void look_soon(const Connection& connection);
  void remove(const Connection& connection);
  // Sends `bytes` of `run` at the end of the turn with others', unless false.
  bool send_with_others(Connection& connection, int fd, std::string_view bytes,
                        const wire::FrameRunPtr& run);
  ShardPageReads& page_reads() { return page_reads_; }
  // Sends what send_with_others() noted.
  void send_noted() { batch_.submit(); }

  // Lent to whichever connection is reading right now: the front takes what it had left over, the
  // back what comes.
  std::array<char, 192 * 1024>& buffer() { return buffer_; }
  std::string& scratch() { return scratch_; }
  pb::Input& input() { return input_; }

 private:
  void flush_some();
  void resume_crowd_after(Crowd<Connection>::Duration rest);
  void adopt(const std::shared_ptr<Connection>& connection);
  void sweep_later();
  void sweep();
  void look_at(std::size_t place, std::chrono::milliseconds time);
  void go_on_sweeping(Talk::Duration rest);
  void shed(std::size_t held);
  template <class Visit>
  void for_each(Visit visit);

  // A connection, and the time before which a sweep passes it by. Of tens of thousands that rest, a
  // sweep reads these alone, one behind the other.
  struct Seat {
    std::shared_ptr<Connection> connection;
    std::chrono::milliseconds due{0};
  };
  bool is_here(const Connection& connection) const;
  std::vector<std::shared_ptr<Connection>> everybody() const;

  Shard& shard_;
  Services services_;
  const SessionOptions& options_;
  boost::asio::steady_timer timer_;
  std::vector<Seat> connections_;  // each knows its place here
  std::vector<std::shared_ptr<Connection>> unsent_;
  std::vector<std::shared_ptr<Connection>> flushing_;  // those from flushed_ on
  std::size_t flushed_ = 0;
  bool flush_due_ = false;
  std::size_t sweep_at_ = 0;    // from here on down is still to be visited
  std::size_t held_bytes_ = 0;  // by those who have been
  ShardPageReads page_reads_;
  Crowd<Connection> crowd_;
  boost::asio::steady_timer rest_timer_;
  std::array<char, 192 * 1024> buffer_{};
  SendBatch batch_;
  bool submit_due_ = false;
  std::string scratch_;
  pb::Input input_;
  std::chrono::milliseconds spread_{0};
  bool stopped_ = false;
};

}  // namespace linnet::gateway
