#include "acceptor.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <charconv>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace linnet::gateway {
namespace {

using tcp = boost::asio::ip::tcp;

constexpr int kBacklog = 4096;
constexpr std::chrono::milliseconds kPause{100};
// Taken by a listener in one turn of the loop. With one alone, everybody new waits behind a backlog
// as soon as turns are long; with all, who is connected waits for a storm of others.
constexpr int kInTurn = 8;

using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// accept() returns at once, whatever became of who waited.
void never_block(TcpListener& acceptor, boost::system::error_code& error) {
  acceptor.non_blocking(true, error);
  if (!error) acceptor.set_option(TcpListener::enable_connection_aborted(true), error);
}

// Opens, binds and listens; an error is returned and the acceptor closed.
boost::system::error_code listen(TcpListener& acceptor, const tcp::endpoint& endpoint, bool share) {
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(TcpListener::reuse_address(true), error);
  if (!error && share) acceptor.set_option(ReusePort(true), error);
  if (!error && endpoint.address().is_v6())
    acceptor.set_option(boost::asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) never_block(acceptor, error);
  if (!error) acceptor.listen(kBacklog, error);
  if (error) {
    boost::system::error_code ignored;
    acceptor.close(ignored);
  }
  return error;
}

// Who waited has gone again, or another shard has taken it.
bool gone(const boost::system::error_code& error) {
  return error == boost::asio::error::would_block ||
         error == boost::asio::error::connection_aborted ||
         error == boost::system::errc::protocol_error;
}

Error cannot_listen(const tcp::endpoint& endpoint, const boost::system::error_code& error) {
  return Error(ErrCode::kBadRequest,
               "cannot listen on " + to_string(endpoint) + ": " + error.message());
}

}  // namespace

Result<tcp::endpoint> parse_listen_address(const std::string& text) {
  const Error wrong(ErrCode::kBadRequest,
                    "'" + text + "' is no address to listen on; write HOST:PORT or [IPv6]:PORT");
  auto colon = text.rfind(':');
  if (colon == std::string::npos) return wrong;
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return wrong;
  }
  if (host == "localhost") host = "127.0.0.1";
  unsigned port = 0;
  const char* begin = text.data() + colon + 1;
  const char* end = text.data() + text.size();
  auto [stop, failed] = std::from_chars(begin, end, port);
  if (failed != std::errc() || stop != end || port > 65535) return wrong;
  boost::system::error_code error;
  auto address = boost::asio::ip::make_address(host, error);
  if (error) return wrong;
  return tcp::endpoint(address, static_cast<std::uint16_t>(port));
}

std::string to_string(const tcp::endpoint& endpoint) {
  auto address = endpoint.address().to_string();
  if (endpoint.address().is_v6()) address = "[" + address + "]";
  return address + ":" + std::to_string(endpoint.port());
}

Result<tcp::endpoint> claim(boost::asio::io_context& context, tcp::endpoint endpoint) {
  TcpListener probe(context);
  if (auto error = listen(probe, endpoint, false)) return cannot_listen(endpoint, error);
  return probe.local_endpoint();
}

Acceptor::Acceptor(Shard& shard, const Clock& clock, Logger& log, Gate& gate, Refusals& refusals,
                   Door door, Accepted accepted)
    : clock_(clock),
      log_(log),
      gate_(gate),
      refusals_(refusals),
      door_(door),
      accepted_(std::move(accepted)),
      acceptor_(shard.context()),
      pause_(shard.context()),
      spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

Acceptor::~Acceptor() {
  if (spare_ >= 0) ::close(spare_);
}

Status Acceptor::open(const tcp::endpoint& endpoint) {
  if (auto error = listen(acceptor_, endpoint, true)) return cannot_listen(endpoint, error);
  return success();
}

Status Acceptor::adopt(const tcp::endpoint& endpoint, int descriptor) {
  boost::system::error_code error;
  acceptor_.assign(endpoint.protocol(), descriptor, error);
  if (error) {
    ::close(descriptor);
    return cannot_listen(endpoint, error);
  }
  never_block(acceptor_, error);
  if (error) return cannot_listen(endpoint, error);
  return success();
}

void Acceptor::start() {
  accept();
}

void Acceptor::stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Acceptor::accept() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_wait(TcpListener::wait_read, [this](boost::system::error_code error) {
    if (error == boost::asio::error::operation_aborted) return;
    if (error) {
      on_error(error);
      return;
    }
    // Somebody came, and stop() before this.
    if (acceptor_.is_open()) accept_some();
  });
}

void Acceptor::accept_some() {
  // Without the look, a lack of descriptors would be told although nobody waits.
  for (int taken = 0; taken < kInTurn && somebody_waits(); ++taken) {
    boost::system::error_code error;
    auto socket = acceptor_.accept(error);
    if (gone(error)) break;
    if (error) {
      on_error(error);
      return;
    }
    // Those that came and went while they waited take nobody's turn.
    if (!take(std::move(socket))) continue;
    const auto pause = gate_.pace(clock_.steady());
    if (pause.count() > 0) {
      accept_after(pause, Refusal::kAccepts);
      return;
    }
  }
  accept();
}

bool Acceptor::take(TcpSocket socket) {
  boost::system::error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return false;
  auto ticket = gate_.enter(peer.address(), door_.places);
  if (!ticket) {
    if (!door_.refusal.empty())
      ::send(socket.native_handle(), door_.refusal.data(), door_.refusal.size(),
             MSG_DONTWAIT | MSG_NOSIGNAL);
    log_refusal("connection_refused", "limits.connections or limits.connections_per_address",
                peer.address().to_string());
    return true;
  }
  socket.set_option(tcp::no_delay(true), error);
  accepted_(std::move(socket), std::move(ticket));
  return true;
}

// Whoever has come meanwhile was put off, which is counted as `why`.
void Acceptor::accept_after(std::chrono::microseconds pause, std::optional<Refusal> why) {
  pause_.expires_after(pause);
  pause_.async_wait([this, why](boost::system::error_code aborted) {
    if (aborted) return;
    if (why && acceptor_.is_open() && somebody_waits()) refusals_.count(*why);
    accept();
  });
}

bool Acceptor::somebody_waits() {
  pollfd door{};
  door.fd = acceptor_.native_handle();
  door.events = POLLIN;
  return ::poll(&door, 1, 0) == 1;
}

// At most one line a second: what comes in a flood must not flood the log too.
void Acceptor::log_refusal(std::string_view event, std::string_view why, std::string address) {
  const auto since = gate_.log_now(clock_.steady());
  if (since == 0) return;
  log_.warn(event, {{"why", why}, {"address", std::move(address)}, {"since_last_line", since}});
}

void Acceptor::on_error(const boost::system::error_code& error) {
  log_refusal("accept_failed", error.message(), "none");
  if (error == boost::system::errc::too_many_files_open ||
      error == boost::system::errc::too_many_files_open_in_system) {
    refusals_.count(Refusal::kNoDescriptors);
    shed();
  }
  // Without the pause a lasting error would spin.
  accept_after(kPause, std::nullopt);
}

// Out of descriptors, a waiting peer would hang: it is accepted with the spare one and closed.
void Acceptor::shed() {
  if (spare_ >= 0) ::close(spare_);
  int peer = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (peer >= 0) ::close(peer);
  spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace linnet::gateway
