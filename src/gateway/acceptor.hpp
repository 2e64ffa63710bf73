// Accepts on one shard, a few in one turn of its loop. Every shard has its own listening socket on
// the same address (SO_REUSEPORT).
#pragma once

#include "gate.hpp"
#include "socket.hpp"

#include "linnet/base/callback.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/base/error.hpp"
#include "linnet/base/log.hpp"
#include "linnet/base/shard.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace linnet::gateway {

// "HOST:PORT" with a numeric address, "localhost", or an IPv6 address in brackets.
// Errors: kBadRequest with a sentence that names what is wrong.
Result<boost::asio::ip::tcp::endpoint> parse_listen_address(const std::string& text);
std::string to_string(const boost::asio::ip::tcp::endpoint& endpoint);

// Fails when anybody else listens there (two sockets with SO_REUSEPORT would share it without a
// word). With port 0 gives a free one.
Result<boost::asio::ip::tcp::endpoint> claim(boost::asio::io_context& context,
                                             boost::asio::ip::tcp::endpoint endpoint);

// Thread: the shard's, but for open().
class Acceptor {
 public:
  using Accepted = Callback<void(TcpSocket, Gate::Ticket)>;

  struct Door {
    std::string_view refusal;  // what somebody hears who is not let in by the gate; may be nothing
    std::size_t places = 1;    // that a connection takes
  };
  Acceptor(Shard& shard, const Clock& clock, Logger& log, Gate& gate, Refusals& refusals, Door door,
           Accepted accepted);
  ~Acceptor();

  Status open(const boost::asio::ip::tcp::endpoint& endpoint);
  // Instead, a socket that listens on `endpoint` already; takes the descriptor.
  Status adopt(const boost::asio::ip::tcp::endpoint& endpoint, int descriptor);
  void start();
  void stop();

 private:
  void accept();
  void accept_some();
  // False: it has gone already.
  bool take(TcpSocket socket);
  void accept_after(std::chrono::microseconds pause, std::optional<Refusal> why);
  bool somebody_waits();
  void log_refusal(std::string_view event, std::string_view why, std::string address);
  void on_error(const boost::system::error_code& error);
  void shed();

  const Clock& clock_;
  Logger& log_;
  Gate& gate_;
  Refusals& refusals_;
  const Door door_;
  Accepted accepted_;
  TcpListener acceptor_;
  boost::asio::steady_timer pause_;
  int spare_ = -1;  // given up to accept and close one connection when no descriptor is left
};

}  // namespace linnet::gateway
