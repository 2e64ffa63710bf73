// The HTTP door's inside: what the connections of a shard share, and each of them. Server.cpp has
// their states, server_io.cpp what is read and written.
#pragma once

#include "http/beast_request.hpp"
#include "http/deadlines.hpp"
#include "http/held_bytes.hpp"
#include "http/reply.hpp"
#include "http/server.hpp"
#include "http/site.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <unordered_set>

namespace linnet::gateway {

namespace asio = boost::asio;
using asio::ip::tcp;
using Code = boost::system::error_code;

inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
inline constexpr std::chrono::milliseconds kLingerTime{2000};
// Of a server that ends, for a request or an answer that is under way.
inline constexpr std::chrono::milliseconds kLastTime{1000};
inline constexpr std::chrono::milliseconds kNever = std::chrono::milliseconds::max();

// What the connections share. Frames own it, so that those which are destroyed after the server,
// with their context, find it alive.
class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Shard& shard, api::Api& api, const Clock& clock, Logger& log, Refusals& refusals,
       HttpOptions options, UpgradeSink& sink)
      : shard_(shard),
        clock_(clock),
        log_(log),
        refusals_(refusals),
        options_(std::move(options)),
        sink_(sink),
        site_(api, log, refusals, options_),
        timer_(shard.context()),
        held_(options_.held_bytes) {}

  void serve(TcpSocket socket, Gate::Ticket ticket);
  void drain();
  void announce_end() { site_.drain(); }
  // The server goes: nothing of it is used any more.
  void stop() { timer_.cancel(); }
  std::size_t open_connections() const { return connections_.size(); }

 private:
  static constexpr std::size_t kBufferBytes = 96 * 1024;
  enum class Phase { kFirst, kIdle, kReading, kHandling, kWriting, kResting };

  // One socket. Lives in its coroutine's frame and is known to the sweep by pointer.
  struct Connection : Deadlines::Entry, HeldBytes::Holder {
    Connection(std::shared_ptr<Impl> owner, TcpSocket accepted, Gate::Ticket admitted)
        : impl(std::move(owner)), socket(std::move(accepted)), ticket(std::move(admitted)) {
      impl->connections_.insert(this);
    }
    ~Connection() {
      impl->held_.release(*this);
      impl->connections_.erase(this);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void close() {
      Code ignored;
      socket.close(ignored);
    }

    std::shared_ptr<Impl> impl;
    TcpSocket socket;
    Gate::Ticket ticket;
    // The parser limits heads and bodies, but neither a chunk's extensions nor trailers, which it
    // reads when it has all of them.
    boost::beast::flat_buffer buffer{kBufferBytes};
    std::string address;
    Phase phase = Phase::kFirst;
    RefusalPace pace;
    RefusalPace unrated_pace;
    bool paced = true;
    std::chrono::nanoseconds rest{0};          // before the next request is read
    asio::steady_timer* rest_timer = nullptr;  // while it rests
    bool too_slow = false;                     // its request did not come in time
  };
  using ConnectionPtr = std::unique_ptr<Connection>;

  static asio::awaitable<void> run(ConnectionPtr connection);
  // False when the connection has ended.
  static asio::awaitable<bool> wait_for_bytes(Connection& connection);
  static asio::awaitable<bool> read(Connection& connection, Parser& parser);
  static asio::awaitable<Code> read_body(Connection& connection, Parser& parser);
  static asio::awaitable<Code> read_some(Connection& connection, Parser& parser);
  static asio::awaitable<bool> write(Connection& connection, const HttpResponse& response,
                                     unsigned version, bool keep_alive, bool with_body);
  static asio::awaitable<bool> exchange(Connection& connection, Parser& parser);
  static asio::awaitable<void> refuse(Connection& connection, HttpResponse response);
  static asio::awaitable<bool> rest(Connection& connection);

  void enter(Connection& connection, Phase phase, std::chrono::milliseconds limit);
  RefusalPace::Duration rest_after(Connection& connection, const HttpResponse& response,
                                   std::size_t asked_bytes);
  void hand_over(Connection& connection, Reply& reply);
  bool make_room(Connection& connection, std::size_t bytes);
  std::chrono::milliseconds sweep_interval() const;
  void arm_sweep(std::chrono::milliseconds interval);
  void sweep();
  void give_up(Connection& connection);

  Shard& shard_;
  const Clock& clock_;
  Logger& log_;
  Refusals& refusals_;
  HttpOptions options_;
  UpgradeSink& sink_;
  Site site_;
  asio::steady_timer timer_;
  std::unordered_set<Connection*> connections_;
  Deadlines deadlines_;
  HeldBytes held_;
  bool sweeping_ = false;
  bool draining_ = false;
};

}  // namespace linnet::gateway
