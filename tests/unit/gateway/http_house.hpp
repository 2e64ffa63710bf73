// An HTTP server on a shard of its own, and a client on a loopback socket.
#pragma once

#include "http/server.hpp"
#include "http_fakes.hpp"

#include "linnet/base/random.hpp"

#include <boost/asio/write.hpp>

#include <array>
#include <cerrno>
#include <future>
#include <sys/socket.h>
#include <thread>

namespace linnet::gateway::fakes {

namespace asio = boost::asio;

class Sink final : public UpgradeSink {
 public:
  void upgraded(Upgraded connection) override { promise.set_value(std::move(connection)); }
  void streaming(TcpSocket, Gate::Ticket, StreamStart start) override {
    stream.set_value(std::move(start));
  }
  std::promise<Upgraded> promise;
  std::promise<StreamStart> stream;
};

inline HttpOptions quick() {
  HttpOptions options;
  options.header_bytes = 2048;
  options.body_bytes = 1000;
  return options;
}

// A shard with the server on it, and sockets connected to it.
struct House : World {
  explicit House(const HttpOptions& http = quick()) {
    init_random();
    shard = std::make_unique<Shard>(0);
    server = std::make_unique<HttpServer>(*shard, api, clock, log, refusals, http, sink);
    shard->start();
  }
  ~House() {
    shard->stop();
    server.reset();  // before the context with its frames
    shard.reset();
  }
  template <class F>
  auto on_shard(F task) {
    using R = decltype(task());
    std::promise<R> done;
    shard->post([&] {
      if constexpr (std::is_void_v<R>) {
        task();
        done.set_value();
      } else {
        done.set_value(task());
      }
    });
    return done.get_future().get();
  }
  std::size_t open() {
    return on_shard([&] { return server->open_connections(); });
  }
  bool closes_all() {
    for (auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
         std::chrono::steady_clock::now() < until;) {
      if (open() == 0) return true;
      std::this_thread::yield();
    }
    return false;
  }

  Refusals refusals;
  Sink sink;
  std::unique_ptr<Shard> shard;
  std::unique_ptr<HttpServer> server;
};

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

// A blocking client; reads give up after five seconds.
class Client {
 public:
  explicit Client(House& house) : socket_(context_) {
    TcpListener acceptor(context_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    socket_.connect(acceptor.local_endpoint());
    TcpSocket accepted(house.shard->context());
    acceptor.accept(accepted);
    timeval limit{5, 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    house.on_shard([&] { house.server->serve(std::move(accepted)); });
  }

  void send(std::string_view bytes) { asio::write(socket_, asio::buffer(bytes)); }
  Answer read(bool with_body = true) {
    Answer answer;
    while (received_.find("\r\n\r\n") == std::string::npos)
      if (receive() <= 0) return answer;
    answer.head = take(received_.find("\r\n\r\n") + 4);
    answer.status = std::stoi(answer.head.substr(9, 3));
    auto at = answer.head.find("Content-Length: ");
    if (at == std::string::npos || !with_body) return answer;
    auto length = std::stoul(answer.head.substr(at + 16));
    while (received_.size() < length && receive() > 0) {
    }
    answer.body = take(std::min<std::size_t>(length, received_.size()));
    return answer;
  }
  // Whether the server closes, having sent nothing more.
  bool ends() {
    if (!received_.empty()) return false;
    errno = 0;
    auto got = receive();
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }
  void half_close() { socket_.shutdown(TcpSocket::shutdown_send); }

 private:
  // Not by Asio, whose blocking reads know no deadline. The kernel interrupts a thread on which
  // there was an io_uring once more when it takes that down.
  ssize_t receive() {
    std::array<char, 4096> chunk{};
    ssize_t got = 0;
    do {
      got = ::recv(socket_.native_handle(), chunk.data(), chunk.size(), 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) received_.append(chunk.data(), static_cast<std::size_t>(got));
    return got;
  }
  std::string take(std::size_t size) {
    auto taken = received_.substr(0, size);
    received_.erase(0, size);
    return taken;
  }
  asio::io_context context_;
  TcpSocket socket_;
  std::string received_;
};

inline const std::string kAuthorization = "Authorization: Bearer " + std::string(kToken) + "\r\n";

inline std::string get_user(int id, const std::string& headers = "") {
  auto body = R"({"userId":")" + std::to_string(id) + R"("})";
  return "POST /pb.UserExt/GetUser HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" +
         kAuthorization + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

}  // namespace linnet::gateway::fakes
