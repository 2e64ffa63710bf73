// The sockets of the HTTP door. With beast_request the only file of the doors that knows Beast,
// whose parser it uses.
//
// A connection's states, with the limit after which the sweep closes it:
//
//   accept -> kFirst -> kReading <-> kHandling -> kWriting -> kIdle -> kReading ...
//             header_timeout         none         idle_timeout
//
// After a refusal too many, or too much that no rate counts, it rests (none) between kWriting and
// kIdle.
#include "http/errors.hpp"
#include "http/grpc_web.hpp"
#include "http/server_impl.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <utility>

namespace linnet::gateway {
namespace {

// Thousands may have to go at one time: the others are served in between.
constexpr std::size_t kGivenUpAtOnce = 16;
constexpr std::chrono::milliseconds kSoon{4};

}  // namespace

void HttpServer::Impl::enter(Connection& connection, Phase phase, std::chrono::milliseconds limit) {
  connection.phase = phase;
  if (limit == kNever) {
    Deadlines::clear(connection);
  } else {
    deadlines_.set(connection, clock_.steady(), draining_ ? std::min(limit, kLastTime) : limit);
  }
}

void HttpServer::Impl::serve(TcpSocket socket, Gate::Ticket ticket) {
  if (draining_) return;
  Code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  auto connection =
      std::make_unique<Connection>(shared_from_this(), std::move(socket), std::move(ticket));
  connection->address = connection->ticket.address();
  connection->paced = !is_local(connection->address);
  enter(*connection, Phase::kFirst, options_.header_timeout);
  arm_sweep(sweep_interval());
  auto report = [&log = log_](std::exception_ptr failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log.error("http_connection_threw", {{"what", error.what()}});
    }
  };
  asio::co_spawn(shard_.context(), run(std::move(connection)), std::move(report));
}

void HttpServer::Impl::drain() {
  draining_ = true;
  site_.drain();
  for (auto* connection : connections_) {
    switch (connection->phase) {
      case Phase::kIdle: connection->close(); break;
      // It has just come: what it asks may be on its way, and is answered.
      case Phase::kFirst:
      // Whoever does not get on must not keep everybody else from being told of the end.
      case Phase::kReading:
      case Phase::kWriting: deadlines_.set(*connection, clock_.steady(), kLastTime); break;
      case Phase::kHandling: break;
      case Phase::kResting: connection->rest_timer->cancel(); break;
    }
  }
}

std::chrono::milliseconds HttpServer::Impl::sweep_interval() const {
  auto shortest = std::min(options_.header_timeout, options_.idle_timeout) / 4;
  return std::clamp(shortest, std::chrono::milliseconds(10), std::chrono::milliseconds(1000));
}

void HttpServer::Impl::arm_sweep(std::chrono::milliseconds interval) {
  if (sweeping_) return;
  sweeping_ = true;
  timer_.expires_after(interval);
  timer_.async_wait([weak = weak_from_this()](Code error) {
    auto self = weak.lock();
    if (error || !self) return;
    self->sweep();
  });
}

void HttpServer::Impl::sweep() {
  sweeping_ = false;
  const auto now = clock_.steady();
  std::size_t given_up = 0;
  for (; given_up < kGivenUpAtOnce; ++given_up) {
    auto* late = deadlines_.late(now);
    if (late == nullptr) break;
    give_up(static_cast<Connection&>(*late));
  }
  if (!connections_.empty()) arm_sweep(given_up == kGivenUpAtOnce ? kSoon : sweep_interval());
}

// Who has begun a request is told (by read()), others are closed without a word.
void HttpServer::Impl::give_up(Connection& connection) {
  if (connection.phase == Phase::kFirst || connection.phase == Phase::kReading)
    refusals_.count(Refusal::kLateHead);
  if (connection.phase != Phase::kReading || connection.too_slow) {
    Deadlines::clear(connection);
    connection.close();
    return;
  }
  connection.too_slow = true;
  deadlines_.set(connection, clock_.steady(), kLingerTime);
  Code ignored;
  connection.socket.cancel(ignored);
}

// For what the connection is to hold; false when it is the one that has to do without.
bool HttpServer::Impl::make_room(Connection& connection, std::size_t bytes) {
  while (auto* most = held_.hold(connection, bytes)) {
    refusals_.count(Refusal::kHttpBytes);
    held_.release(*most);
    if (most == &connection) return false;
    static_cast<Connection&>(*most).close();
  }
  return true;
}

asio::awaitable<void> HttpServer::Impl::run(ConnectionPtr connection) {
  auto& impl = *connection->impl;
  for (bool going = true; going;) {
    going = co_await wait_for_bytes(*connection);
    if (!going) break;
    // The first request's time runs from the accept on.
    if (connection->phase == Phase::kIdle)
      impl.enter(*connection, Phase::kReading, impl.options_.header_timeout);
    connection->phase = Phase::kReading;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(impl.options_.header_bytes));
    parser.body_limit(largest_body(impl.options_.body_bytes));
    going = co_await read(*connection, parser);
    if (going) going = co_await exchange(*connection, parser);
    if (going && connection->rest.count() > 0) going = co_await rest(*connection);
  }
}

asio::awaitable<bool> HttpServer::Impl::exchange(Connection& connection, Parser& parser) {
  auto& impl = *connection.impl;
  const bool wants_more = parser.keep_alive();
  auto request = to_request(parser, connection.address);
  if (auto wrong = check_framing(request)) {
    co_await refuse(connection, connect_error(*wrong, ""));
    co_return false;
  }
  // Also of a body that came with its head; nothing has been done yet.
  if (!impl.make_room(connection, request.body.size())) {
    co_await refuse(connection, too_much_held());
    co_return false;
  }
  impl.enter(connection, Phase::kHandling, kNever);
  Reply reply = co_await impl.site_.answer(request);
  const auto asked_bytes = std::exchange(request.body, {}).size();
  // Somebody's larger body may have needed the room; what was done will be found done.
  if (!connection.socket.is_open()) co_return false;
  // An answer that is small always goes, and what only reads alone has a large one.
  if (!impl.make_room(connection, reply.response.body.size())) reply = Reply(too_much_held());

  const bool keep_alive = wants_more && !impl.draining_ && !reply.stream;
  impl.enter(connection, Phase::kWriting, impl.options_.idle_timeout);
  const bool sent = co_await write(connection, reply.response, request.version, keep_alive,
                                   request.method != "HEAD");
  impl.held_.release(connection);
  if (!sent) co_return false;
  if (reply.upgraded || reply.stream) {
    impl.hand_over(connection, reply);
    co_return false;
  }
  impl.enter(connection, Phase::kIdle, impl.options_.idle_timeout);
  connection.rest = impl.rest_after(connection, reply.response, asked_bytes);
  // Draining may have begun since keep-alive was promised: who has already asked again is answered.
  co_return keep_alive && (!impl.draining_ || connection.buffer.size() > 0);
}

// Who is refused, or has what no rate counts, again and again is read later.
RefusalPace::Duration HttpServer::Impl::rest_after(Connection& connection,
                                                   const HttpResponse& response,
                                                   std::size_t asked_bytes) {
  if (!connection.paced) return {};
  const auto now = clock_.steady();
  if (response.refused) return connection.pace.refused(options_.refusals, now, asked_bytes);
  if (response.unrated) return connection.unrated_pace.refused(options_.refusals.unrated(), now, 0);
  return {};
}

void HttpServer::Impl::hand_over(Connection& connection, Reply& reply) {
  if (reply.stream) {
    sink_.streaming(std::move(connection.socket), std::move(connection.ticket),
                    std::move(*reply.stream));
    return;
  }
  Upgraded upgraded{std::move(connection.socket), {}, *reply.upgraded, reply.text, reply.request_id,
                    std::move(connection.ticket)};
  const auto early = connection.buffer.data();
  upgraded.early.assign(static_cast<const char*>(early.data()), early.size());
  sink_.upgraded(std::move(upgraded));
}

HttpServer::HttpServer(Shard& shard, api::Api& api, const Clock& clock, Logger& log,
                       Refusals& refusals, HttpOptions options, UpgradeSink& sink)
    : impl_(std::make_shared<Impl>(shard, api, clock, log, refusals, std::move(options), sink)) {}

HttpServer::~HttpServer() {
  impl_->stop();
}

void HttpServer::serve(TcpSocket socket, Gate::Ticket ticket) {
  impl_->serve(std::move(socket), std::move(ticket));
}

void HttpServer::announce_end() {
  impl_->announce_end();
}

void HttpServer::drain() {
  impl_->drain();
}

std::size_t HttpServer::open_connections() const {
  return impl_->open_connections();
}

}  // namespace linnet::gateway
