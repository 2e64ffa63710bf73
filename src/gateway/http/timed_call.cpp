#include "http/timed_call.hpp"

#include "http/encoding.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <memory>

namespace linnet::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kConnectDigits = 10;
constexpr std::chrono::hours kYear{24 * 365};
constexpr std::size_t kGrpcDigits = 8;

// Shared by the one who waits and the work, whoever ends last.
struct Pending {
  Pending(const asio::any_io_executor& executor, TimedCall what)
      : timed(std::move(what)), timer(executor) {}

  TimedCall timed;
  asio::steady_timer timer;
  std::optional<Result<api::MessagePtr>> answer;
  bool late = false;  // nobody waits any more, and what the call refers to has gone
};

Async<api::MessagePtr> run(api::Api& api, std::shared_ptr<Pending> pending) {
  const auto& what = pending->timed;
  const api::ReadRequest read = [&pending](google::protobuf::Message& message,
                                           std::size_t& bytes) -> Status {
    if (pending->late) return Error(ErrCode::kTimeout);
    return pending->timed.read(message, bytes);
  };
  Result<api::MessagePtr> answer = co_await api.call(*what.method, what.call, read);
  co_return answer;
}

}  // namespace

Result<std::optional<std::chrono::milliseconds>> connect_timeout(const HttpHeaders& headers) {
  std::optional<std::chrono::milliseconds> none;
  auto text = headers.first("Connect-Timeout-Ms");
  if (!text) return none;
  auto value = parse_decimal(*text);
  if (!value || *value < 0 || text->front() == '-' || text->size() > kConnectDigits)
    return Error(ErrCode::kBadRequest, "Connect-Timeout-Ms: milliseconds, at most 10 digits");
  return std::optional(std::chrono::milliseconds(*value));
}

Result<std::optional<std::chrono::milliseconds>> grpc_timeout(const HttpHeaders& headers) {
  std::optional<std::chrono::milliseconds> none;
  auto text = headers.first("Grpc-Timeout");
  if (!text) return none;
  const Error wrong(ErrCode::kBadRequest, "Grpc-Timeout: at most 8 digits and H, M, S, m, u or n");
  if (text->size() < 2 || text->size() > kGrpcDigits + 1) return wrong;
  auto value = parse_decimal(text->substr(0, text->size() - 1));
  if (!value || *value < 0 || text->front() == '-') return wrong;
  switch (text->back()) {
    // What is longer than a year does not fit a timer's nanoseconds.
    case 'H':
      return std::optional<std::chrono::milliseconds>(std::min(std::chrono::hours(*value), kYear));
    case 'M':
      return std::optional<std::chrono::milliseconds>(
          std::min<std::chrono::minutes>(std::chrono::minutes(*value), kYear));
    case 'S': return std::optional<std::chrono::milliseconds>(std::chrono::seconds(*value));
    case 'm': return std::optional(std::chrono::milliseconds(*value));
    case 'u': return std::optional(std::chrono::milliseconds((*value + 999) / 1000));
    case 'n': return std::optional(std::chrono::milliseconds((*value + 999999) / 1000000));
    default: return wrong;
  }
}

void begin_exchange(const HttpRequest& request, TimedCall& call) {
  if (!call.method->exchange_handler) return;
  call.call.exchange = std::make_shared<api::Exchange>();
  auto& exchange = *call.call.exchange;
  exchange.request_headers.assign(request.headers.begin(), request.headers.end());
  if (request.method == "GET") {
    if (auto query = Query::parse(split_target(request.target).query))
      exchange.query = query->entries();
  }
  exchange.timeout = call.timeout;
}

void note_reading(TimedCall& call, bool& done) {
  call.read = [read = std::move(call.read), &done](google::protobuf::Message& message,
                                                   std::size_t& bytes) {
    auto outcome = read(message, bytes);
    done = outcome.ok();
    return outcome;
  };
}

Async<api::MessagePtr> carry_out(api::Api& api, Logger& log, TimedCall call) {
  if (!call.timeout) {
    Result<api::MessagePtr> answer = co_await api.call(*call.method, call.call, call.read);
    co_return answer;
  }
  auto executor = co_await asio::this_coro::executor;
  auto pending = std::make_shared<Pending>(executor, std::move(call));
  pending->timer.expires_after(*pending->timed.timeout);
  auto completed = [pending, &log](std::exception_ptr failure, Result<api::MessagePtr> answer) {
    if (failure) log.error("call_threw", {{"method", pending->timed.method->path}});
    pending->answer = std::move(answer);
    pending->timer.cancel();
  };
  asio::co_spawn(executor, run(api, pending), std::move(completed));
  if (!pending->answer) {
    constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
    co_await pending->timer.async_wait(kToken);
  }
  pending->late = !pending->answer;
  if (pending->late) co_return Error(ErrCode::kTimeout);
  co_return std::move(*pending->answer);
}

}  // namespace linnet::gateway
