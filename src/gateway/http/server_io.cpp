// What the HTTP door's connections read and write.
#include "http/server_impl.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/read.hpp>

#include <array>
#include <optional>

namespace linnet::gateway {

namespace http = boost::beast::http;

namespace {

constexpr std::size_t kFirstRead = 4096;
constexpr std::size_t kBodyRead = 64 * 1024;
constexpr std::size_t kKeptBuffer = 16 * 1024;  // by an idle connection
constexpr std::size_t kLingerBytes = 4 * 1024 * 1024;
// Each is 80 bytes and more in memory, however short: a head of 16 KB would make 300 KB of them.
constexpr std::size_t kMostFields = 128;

// For a body there is no memory.
Code no_room() {
  return make_error_code(boost::system::errc::not_enough_memory);
}

}  // namespace

asio::awaitable<bool> HttpServer::Impl::wait_for_bytes(Connection& connection) {
  auto& buffer = connection.buffer;
  if (buffer.size() <= kFirstRead && buffer.capacity() > kKeptBuffer) buffer.shrink_to_fit();
  if (buffer.size() > 0) co_return true;
  auto [error, bytes] =
      co_await connection.socket.async_read_some(buffer.prepare(kFirstRead), kAwait);
  buffer.commit(bytes);
  co_return !error;
}

asio::awaitable<bool> HttpServer::Impl::read(Connection& connection, Parser& parser) {
  auto& impl = *connection.impl;
  auto [error, bytes] =
      co_await http::async_read_header(connection.socket, connection.buffer, parser, kAwait);
  const auto fields = count_fields(parser);
  std::optional<HttpResponse> refusal;
  if (!error && fields > kMostFields) {
    refusal = too_many_fields();
  } else if (!error && !parser.is_done()) {
    error = co_await read_body(connection, parser);
  }
  if (error == boost::system::errc::not_enough_memory) {
    refusal = too_much_held();
  } else if (error) {
    refusal = connection.too_slow ? std::optional(late_request())
                                  : read_failure(error, parser, impl.options_);
  } else if (count_fields(parser) > fields) {
    // Trailers must not pass for fields of the head (RFC 9110, 6.5.1), and none is asked for.
    refusal = no_trailers();
  }
  if (refusal) co_await refuse(connection, std::move(*refusal));
  co_return !error && !refusal;
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
    const auto error = co_await read_some(connection, parser);
    if (error) co_return error;
    const auto held = parser.get().body().size() + connection.buffer.capacity();
    if (!announced && !impl.make_room(connection, held)) co_return no_room();
  }
  co_return Code();
}

// Parses what has come of a body, or reads on when that is not enough: Beast's own would read until
// it is, and a chunk's extensions come to an end when their sender wants.
asio::awaitable<Code> HttpServer::Impl::read_some(Connection& connection, Parser& parser) {
  auto& buffer = connection.buffer;
  if (buffer.size() > 0) {
    Code error;
    buffer.consume(parser.put(buffer.data(), error));
    if (error != http::error::need_more) co_return error;
  }
  const auto room = boost::beast::read_size(buffer, kBodyRead);
  if (room == 0) co_return make_error_code(http::error::buffer_overflow);
  auto [error, bytes] = co_await connection.socket.async_read_some(buffer.prepare(room), kAwait);
  buffer.commit(bytes);
  co_return error;
}

asio::awaitable<bool> HttpServer::Impl::write(Connection& connection, const HttpResponse& response,
                                              unsigned version, bool keep_alive, bool with_body) {
  const auto seconds = connection.impl->clock_.wall().value() / 1000;
  const auto head = format_head(response, version, keep_alive, http_date(seconds));
  std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::const_buffer()};
  if (with_body) parts[1] = asio::buffer(response.content());
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
  connection.socket.shutdown(TcpSocket::shutdown_send, failed);
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

}  // namespace linnet::gateway
