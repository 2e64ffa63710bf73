// The only file of this module that knows Beast and TLS.
//
//   send() -> queue -> at most `at_once` coroutines: resolve, connect, handshake, write, read
//
// A timer of each request ends it at its deadline by closing its socket, wherever it waits, in the
// queue too. A lookup that is under way cannot be ended, and there is one thread for them all:
// others wait behind it, but none begins that nobody waits for any more.
#include "linnet/user/http_client.hpp"

#include "linnet/base/beast_parser.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <deque>
#include <mutex>
#include <thread>
#include <unordered_set>

namespace linnet::user {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using Code = boost::system::error_code;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
// An answer's head, or what it has between its chunks, is no longer.
constexpr std::size_t kBufferBytes = 96 * 1024;
using Request = http::request<http::string_body>;
using Steady = std::chrono::steady_clock;

Request to_request(const HttpCall& call) {
  Request request;
  request.method_string(call.method);
  request.target(call.url.target);
  request.version(11);
  const bool v6 = call.url.host.find(':') != std::string::npos;
  auto host = v6 ? "[" + call.url.host + "]" : call.url.host;
  request.set(http::field::host, host + ":" + call.url.port);
  request.set(http::field::user_agent, "linnet");
  request.set(http::field::connection, "close");
  for (const auto& [name, value] : call.headers)
    request.insert(name, value);
  request.body() = call.body;
  request.prepare_payload();
  return request;
}

Error unreachable(const HttpCall& call, std::string_view step, const Code& error) {
  return Error(
      ErrCode::kUserSystem, {},
      call.url.host + ":" + call.url.port + ": " + std::string(step) + ": " + error.message());
}

}  // namespace

class HttpClient::Impl {
 public:
  explicit Impl(HttpClientOptions options)
      : options_(std::move(options)),
        tls_(ssl::context::tls_client),
        work_(asio::make_work_guard(context_)) {}
  ~Impl() { close(); }

  Status trust() {
    Code error;
    tls_.set_verify_mode(ssl::verify_peer, error);
    if (!error && options_.ca_file.empty()) tls_.set_default_verify_paths(error);
    if (!error && !options_.ca_file.empty()) tls_.load_verify_file(options_.ca_file, error);
    if (!error)
      tls_.set_options(
          ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
          error);
    if (error)
      return Error(ErrCode::kBadRequest, "hook.ca_file: cannot read '" + options_.ca_file +
                                             "' as PEM certificates: " + error.message());
    return success();
  }
  void start() {
    thread_ = std::thread([this] { context_.run(); });
  }

  void send(HttpCall call, Done<HttpAnswer> done) {
    auto job = std::make_shared<Job>(context_);
    job->call = std::move(call);
    job->done = std::move(done);
    std::unique_lock lock(mutex_);
    if (closed_ || queue_.size() >= options_.queue) {
      const auto why = closed_ ? ErrCode::kShuttingDown : ErrCode::kServerBusy;
      lock.unlock();
      job->finish(Error(why));
      return;
    }
    const auto deadline = Steady::now() + options_.timeout;
    queue_.push_back(job);
    asio::post(context_, [this, job, deadline] {
      end_at(job, deadline);
      pump();
    });
  }

  void close() {
    std::deque<JobPtr> waiting;
    {
      std::lock_guard lock(mutex_);
      if (closed_) return;
      closed_ = true;
      waiting.swap(queue_);
    }
    asio::post(context_, [this, waiting = std::move(waiting)] {
      for (const auto& job : waiting)
        job->finish(Error(ErrCode::kShuttingDown));
      auto active = active_;
      for (const auto& job : active)
        job->finish(Error(ErrCode::kShuttingDown));
      context_.stop();
    });
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Job {
    explicit Job(asio::io_context& context) : resolver(context), socket(context), timer(context) {}
    // Answers, once, and ends whatever the request waits for.
    void finish(Result<HttpAnswer> result) {
      Code ignored;
      socket.close(ignored);
      timer.cancel();
      resolver.cancel();  // what has not begun; it costs no lookup then
      if (done) std::exchange(done, nullptr)(std::move(result));
    }

    HttpCall call;
    Done<HttpAnswer> done;
    tcp::resolver resolver;
    tcp::socket socket;
    asio::steady_timer timer;
  };
  using JobPtr = std::shared_ptr<Job>;

  void end_at(const JobPtr& job, Steady::time_point deadline);
  void pump();
  asio::awaitable<void> run(JobPtr job);
  asio::awaitable<Result<HttpAnswer>> exchange(Job& job);
  asio::awaitable<Result<HttpAnswer>> exchange_tls(Job& job);
  template <class Stream>
  asio::awaitable<Result<HttpAnswer>> talk(Job& job, Stream& stream);

  HttpClientOptions options_;
  ssl::context tls_;  // outlives the streams that wait in the context
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
  std::mutex mutex_;
  std::deque<JobPtr> queue_;
  bool closed_ = false;
  std::unordered_set<JobPtr> active_;  // on the thread only
};

// Thread: the client's, as everything below.
void HttpClient::Impl::end_at(const JobPtr& job, Steady::time_point deadline) {
  if (!job->done) return;
  job->timer.expires_at(deadline);
  job->timer.async_wait([this, job](Code error) {
    if (error) return;
    {
      // Its place in the queue is somebody else's now, if it has one.
      std::lock_guard lock(mutex_);
      std::erase(queue_, job);
    }
    job->finish(Error(ErrCode::kTimeout, "the operator's server did not answer"));
  });
}

// Begins what may begin.
void HttpClient::Impl::pump() {
  while (active_.size() < options_.at_once) {
    JobPtr job;
    {
      std::lock_guard lock(mutex_);
      if (closed_ || queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    active_.insert(job);
    auto ended = [this, job](const std::exception_ptr& thrown) {
      if (thrown) job->finish(Error(ErrCode::kUserSystem, {}, "the request to a hook threw"));
      active_.erase(job);
      pump();
    };
    asio::co_spawn(context_, run(job), std::move(ended));
  }
}

asio::awaitable<void> HttpClient::Impl::run(JobPtr job) {
  auto answer = co_await exchange(*job);
  job->finish(std::move(answer));
}

asio::awaitable<Result<HttpAnswer>> HttpClient::Impl::exchange(Job& job) {
  const auto& url = job.call.url;
  auto [not_found, places] = co_await job.resolver.async_resolve(url.host, url.port, kAwait);
  if (not_found) co_return unreachable(job.call, "resolve", not_found);
  // A name may have been looked up for longer than the request had.
  if (!job.done) co_return Error(ErrCode::kTimeout);
  auto [refused, place] = co_await asio::async_connect(job.socket, places, kAwait);
  if (refused) co_return unreachable(job.call, "connect", refused);
  if (url.tls) co_return co_await exchange_tls(job);
  co_return co_await talk(job, job.socket);
}

asio::awaitable<Result<HttpAnswer>> HttpClient::Impl::exchange_tls(Job& job) {
  ssl::stream<tcp::socket&> stream(job.socket, tls_);
  const auto& host = job.call.url.host;
  Code error;
  stream.set_verify_callback(ssl::host_name_verification(host), error);
  // An address is no name to ask for (RFC 6066, section 3).
  Code is_name;
  asio::ip::make_address(host, is_name);
  if (is_name) SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
  if (error) co_return unreachable(job.call, "tls", error);
  auto [distrusted] = co_await stream.async_handshake(ssl::stream_base::client, kAwait);
  if (distrusted) co_return unreachable(job.call, "tls", distrusted);
  co_return co_await talk(job, stream);
}

template <class Stream>
asio::awaitable<Result<HttpAnswer>> HttpClient::Impl::talk(Job& job, Stream& stream) {
  auto request = to_request(job.call);
  auto [unsent, sent] = co_await http::async_write(stream, request, kAwait);
  if (unsent) co_return unreachable(job.call, "write", unsent);
  boost::beast::flat_buffer buffer{kBufferBytes};
  http::response_parser<http::string_body> parser;
  parser.body_limit(options_.answer_bytes);
  auto [unread, got] = co_await http::async_read(stream, buffer, parser, kAwait);
  if (unread) co_return unreachable(job.call, "read", unread);
  HttpAnswer answer;
  answer.status = static_cast<int>(parser.get().result_int());
  answer.body = std::move(parser.get().body());
  co_return answer;
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::open(HttpClientOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  auto trusted = impl->trust();
  if (!trusted) return trusted.take_error();
  impl->start();
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(impl)));
}

void HttpClient::send(HttpCall call, Done<HttpAnswer> done) {
  impl_->send(std::move(call), std::move(done));
}

void HttpClient::close() {
  impl_->close();
}

}  // namespace linnet::user
