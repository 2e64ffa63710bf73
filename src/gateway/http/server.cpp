// The sockets of the HTTP door. With beast_request the only file of the doors that knows Beast,
// whose parser it uses.
//
// A connection's states, with the limit after which the sweep closes it:
//
//   accept -> kFirst -> kReading <-> kHandling -> kWriting -> kIdle -> kReading ...
//             header_timeout         none         idle_timeout
//
// After a refusal too many it rests (none) between kWriting and kIdle.
#include "http/server.hpp"

#include "http/beast_request.hpp"
#include "http/deadlines.hpp"
#include "http/errors.hpp"
#include "http/grpc_web.hpp"
#include "http/held_bytes.hpp"
#include "http/reply.hpp"
#include "http/site.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

namespace linnet::gateway {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Code = boost::system::error_code;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kFirstRead = 4096;
constexpr std::size_t kKeptBuffer = 16 * 1024;  // by an idle connection
constexpr std::chrono::milliseconds kLingerTime{2000};
constexpr std::size_t kLingerBytes = 4 * 1024 * 1024;
// Thousands may have to go at one time: the others are served in between.
constexpr std::size_t kGivenUpAtOnce = 16;
constexpr std::chrono::milliseconds kSoon{4};
constexpr std::chrono::milliseconds kNever = std::chrono::milliseconds::max();

constexpr std::size_t kBufferBytes = 96 * 1024;

// For a body there is no memory.
Code no_room() {
  return make_error_code(boost::system::errc::not_enough_memory);
}

enum class Phase { kFirst, kIdle, kReading, kHandling, kWriting, kResting };

}  // namespace

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

  void serve(tcp::socket socket, Gate::Ticket ticket);
  void drain();
  void announce_end() { site_.drain(); }
  // The server goes: nothing of it is used any more.
  void stop() { timer_.cancel(); }
  std::size_t open_connections() const { return connections_.size(); }

 private:
  // One socket. Lives in its coroutine's frame and is known to the sweep by pointer.
  struct Connection : Deadlines::Entry, HeldBytes::Holder {
    Connection(std::shared_ptr<Impl> owner, tcp::socket accepted, Gate::Ticket admitted)
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
    tcp::socket socket;
    Gate::Ticket ticket;
    // The parser limits heads and bodies, but neither a chunk's extensions nor trailers, which it
    // reads when it has all of them.
    boost::beast::flat_buffer buffer{kBufferBytes};
    std::string address;
    Phase phase = Phase::kFirst;
    RefusalPace pace;
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
  static asio::awaitable<bool> write(Connection& connection, const HttpResponse& response,
                                     unsigned version, bool keep_alive, bool with_body);
  static asio::awaitable<bool> exchange(Connection& connection, Parser& parser);
  static asio::awaitable<void> refuse(Connection& connection, HttpResponse response);
  static asio::awaitable<bool> rest(Connection& connection);

  void enter(Connection& connection, Phase phase, std::chrono::milliseconds limit);
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

void HttpServer::Impl::enter(Connection& connection, Phase phase, std::chrono::milliseconds limit) {
  connection.phase = phase;
  if (limit == kNever) {
    Deadlines::clear(connection);
  } else {
    deadlines_.set(connection, clock_.steady(), limit);
  }
}

void HttpServer::Impl::serve(tcp::socket socket, Gate::Ticket ticket) {
  if (draining_) return;
  Code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  auto connection =
      std::make_unique<Connection>(shared_from_this(), std::move(socket), std::move(ticket));
  auto peer = connection->socket.remote_endpoint(ignored);
  if (!ignored) {
    connection->address = limited_address(peer.address());
    connection->paced = !is_local(peer.address());
  }
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
    if (connection->phase == Phase::kIdle || connection->phase == Phase::kFirst)
      connection->close();
    if (connection->rest_timer != nullptr) connection->rest_timer->cancel();
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

asio::awaitable<bool> HttpServer::Impl::wait_for_bytes(Connection& connection) {
  auto& buffer = connection.buffer;
  if (buffer.size() > 0) co_return true;
  if (buffer.capacity() > kKeptBuffer) buffer.shrink_to_fit();
  auto [error, bytes] =
      co_await connection.socket.async_read_some(buffer.prepare(kFirstRead), kAwait);
  buffer.commit(bytes);
  co_return !error;
}

asio::awaitable<bool> HttpServer::Impl::read(Connection& connection, Parser& parser) {
  auto& impl = *connection.impl;
  auto [error, bytes] =
      co_await http::async_read_header(connection.socket, connection.buffer, parser, kAwait);
  if (!error && !parser.is_done()) error = co_await read_body(connection, parser);
  if (!error) co_return true;
  if (error == boost::system::errc::not_enough_memory) {
    co_await refuse(connection, too_much_held());
    co_return false;
  }
  auto answer = connection.too_slow ? std::optional(late_request())
                                    : read_failure(error, parser, impl.options_);
  if (answer) co_await refuse(connection, std::move(*answer));
  co_return false;
}

asio::awaitable<Code> HttpServer::Impl::read_body(Connection& connection, Parser& parser) {
  auto& impl = *connection.impl;
  impl.enter(connection, Phase::kReading, impl.options_.idle_timeout);
  if (!impl.make_room(connection, announced_bytes(parser, impl.options_))) co_return no_room();
  const std::string_view expect = parser.get()[http::field::expect];
  if (equals_ignoring_case(expect, "100-continue") && connection.buffer.size() == 0) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    auto [failed, sent] =
        co_await asio::async_write(connection.socket, asio::buffer(kContinue), kAwait);
    if (failed) co_return failed;
  }
  // By chunks nobody says how many.
  const bool announced = parser.content_length().has_value();
  while (!parser.is_done()) {
    auto [error, bytes] =
        co_await http::async_read_some(connection.socket, connection.buffer, parser, kAwait);
    if (error) co_return error;
    if (!announced && !impl.make_room(connection, parser.get().body().size())) co_return no_room();
  }
  co_return Code();
}

asio::awaitable<bool> HttpServer::Impl::exchange(Connection& connection, Parser& parser) {
  auto& impl = *connection.impl;
  const bool wants_more = parser.keep_alive();
  auto request = to_request(parser, connection.address);
  if (auto wrong = check_framing(request)) {
    co_await refuse(connection, connect_error(*wrong, ""));
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
  if (reply.response.refused && connection.paced)
    connection.rest =
        connection.pace.refused(impl.options_.refusals, impl.clock_.steady(), asked_bytes);
  // Draining may have begun since keep-alive was promised: who has already asked again is answered.
  co_return keep_alive && (!impl.draining_ || connection.buffer.size() > 0);
}

asio::awaitable<bool> HttpServer::Impl::write(Connection& connection, const HttpResponse& response,
                                              unsigned version, bool keep_alive, bool with_body) {
  const auto seconds = connection.impl->clock_.wall().value() / 1000;
  const auto head = format_head(response, version, keep_alive, http_date(seconds));
  std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::const_buffer()};
  if (with_body) parts[1] = asio::buffer(response.body);
  auto [error, bytes] = co_await asio::async_write(connection.socket, parts, kAwait);
  co_return !error;
}

// Answers and closes: with a FIN, and reading on for a while, because a reset would take the answer
// away from a client that is still sending.
asio::awaitable<void> HttpServer::Impl::refuse(Connection& connection, HttpResponse response) {
  connection.impl->enter(connection, Phase::kWriting, kLingerTime);
  const bool sent = co_await write(connection, response, 11, false, true);
  if (!sent) co_return;
  Code failed;
  connection.socket.shutdown(tcp::socket::shutdown_send, failed);
  std::array<char, 4096> discarded{};
  for (std::size_t total = 0; !failed && total < kLingerBytes;) {
    auto [error, bytes] =
        co_await connection.socket.async_read_some(asio::buffer(discarded), kAwait);
    failed = error;
    total += bytes;
  }
}

// False when the connection has ended. As in exchange(), who has already asked again is answered.
asio::awaitable<bool> HttpServer::Impl::rest(Connection& connection) {
  auto& impl = *connection.impl;
  impl.refusals_.count(Refusal::kRefused);
  impl.enter(connection, Phase::kResting, kNever);
  asio::steady_timer timer(connection.socket.get_executor(), connection.rest);
  connection.rest = {};
  connection.rest_timer = &timer;
  co_await timer.async_wait(kAwait);
  connection.rest_timer = nullptr;
  impl.enter(connection, Phase::kIdle, impl.options_.idle_timeout);
  co_return !impl.draining_ || connection.buffer.size() > 0;
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

void HttpServer::serve(tcp::socket socket, Gate::Ticket ticket) {
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
