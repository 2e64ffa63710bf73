#include "linnet/gateway/gateway.hpp"

#include "acceptor.hpp"
#include "grpc/connections.hpp"
#include "grpc/grpc_server.hpp"
#include "http/grpc_web.hpp"
#include "http/server.hpp"
#include "hub.hpp"
#include "inherited.hpp"

#include "linnet/wire/goodbye.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace linnet::gateway {
namespace {

SessionOptions session_options(const GatewayOptions& options, std::size_t shards) {
  SessionOptions session;
  session.sign_in_timeout = options.sign_in_timeout;
  session.sync_grace = options.sync_grace;
  session.tcp_idle = options.tcp_idle;
  session.ws_idle = options.ws_idle;
  session.stream_heartbeat = options.stream_heartbeat;
  session.outbox_bytes = options.outbox_bytes;
  session.page_entries = options.page_entries;
  session.packets = {options.packets_per_second, options.packets_burst};
  session.bytes = {options.bytes_per_second, options.bytes_burst};
  session.all_unsent_bytes = options.unsent_bytes / shards;
  session.rooms_per_connection = options.rooms_per_connection;
  session.room_bytes = options.room_bytes;
  session.io_uring = options.io_uring;
  return session;
}

RefusalLimits refusal_limits(const GatewayOptions& options) {
  return {{options.refusals.per_second, options.refusals.burst},
          {options.bytes_per_second, options.bytes_burst}};
}

HttpOptions http_options(const GatewayOptions& options, std::size_t shards) {
  HttpOptions http;
  http.vitals = options.vitals;
  http.allowed_origins = options.allowed_origins;
  http.body_bytes = options.body_bytes;
  http.header_timeout = options.head_timeout;
  http.idle_timeout = options.http_idle;
  if (options.http_bytes > 0)
    http.held_bytes = std::max(options.http_bytes / shards, 2 * largest_body(options.body_bytes));
  http.metrics = options.metrics;
  http.refusals = refusal_limits(options);
  return http;
}

GateOptions gate_options(const GatewayOptions& options) {
  GateOptions gate;
  gate.connections = options.connections;
  gate.per_address = options.connections_per_address;
  gate.accepts_per_second = options.accepts_per_second;
  return gate;
}

// What a client over HTTP is told that is not let in.
constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n";

}  // namespace

// Everything of the doors that belongs to one shard.
struct ShardDoors {
  ShardDoors(Shard& on, api::Api& api, Services services, Gate& gate, const SessionOptions& session,
             const HttpOptions& http_options, GrpcServer& grpc, WasteGuard& waste,
             std::size_t grpc_addresses)
      : shard(on),
        hub(on, services, session),
        http(on, api, services.clock, services.log, services.refusals, http_options, hub),
        tcp_acceptor(on, services.clock, services.log, gate, services.refusals, {},
                     [this](TcpSocket socket, Gate::Ticket ticket) {
                       hub.add_tcp(std::move(socket), std::move(ticket));
                     }),
        http_acceptor(on, services.clock, services.log, gate, services.refusals, {kFull},
                      [this](TcpSocket socket, Gate::Ticket ticket) {
                        http.serve(std::move(socket), std::move(ticket));
                      }),
        grpc_connections(on, grpc, waste, services.refusals) {
    for (std::size_t i = 0; i < grpc_addresses; ++i) {
      grpc_acceptors.push_back(
          std::make_unique<Acceptor>(on, services.clock, services.log, gate, services.refusals,
                                     Acceptor::Door{{}, GrpcConnections::kPlaces},
                                     [this](TcpSocket socket, Gate::Ticket ticket) {
                                       grpc_connections.take(std::move(socket), std::move(ticket));
                                     }));
    }
  }

  // What listens, in the order in which it is opened: TCP, HTTP, gRPC.
  std::vector<Acceptor*> acceptors() {
    std::vector<Acceptor*> all{&tcp_acceptor, &http_acceptor};
    for (auto& acceptor : grpc_acceptors)
      all.push_back(acceptor.get());
    return all;
  }

  Shard& shard;
  Hub hub;
  HttpServer http;
  Acceptor tcp_acceptor;
  Acceptor http_acceptor;
  GrpcConnections grpc_connections;
  std::vector<std::unique_ptr<Acceptor>> grpc_acceptors;  // one for each address
};

class Gateway::Impl {
 public:
  Impl(Shards& shards, api::Api& api, Services services, GatewayOptions options)
      : shards_(shards),
        log_(services.log),
        options_(std::move(options)),
        session_(session_options(options_, shards.size())),
        inherited_(options_.inherited),
        gate_(std::make_shared<Gate>(gate_options(options_), services.refusals)),
        waste_(services.clock, services.refusals, refusal_limits(options_), options_.body_bytes),
        grpc_(shards, services, session_, waste_,
              {options_.body_bytes, options_.http_bytes, options_.head_timeout, options_.http_idle,
               refusal_limits(options_)}) {
    if (!GrpcServer::built_in()) options_.grpc_listen.clear();
    auto http = http_options(options_, shards.size());
    http.connections = [gate = gate_] { return gate->taken(); };
    http.connected_devices = [&router = services.router] { return router.connected(); };
    for (auto& shard : shards)
      doors_.push_back(std::make_unique<ShardDoors>(*shard, api, services, *gate_, session_, http,
                                                    grpc_, waste_, options_.grpc_listen.size()));
  }

  Result<Addresses> open() {
    std::vector<std::string> wanted{options_.tcp_listen, options_.http_listen};
    wanted.insert(wanted.end(), options_.grpc_listen.begin(), options_.grpc_listen.end());
    if (!options_.grpc_listen.empty()) {
      auto grpc = grpc_.open();
      if (!grpc) return grpc.take_error();
    }
    std::vector<std::string> bound;
    for (const auto& listen : wanted) {
      auto address = open_door(listen, bound.size());
      if (!address) return address.take_error();
      bound.push_back(std::move(*address));
    }
    if (const auto unused = inherited_.unused(); !unused.empty())
      return Error(ErrCode::kBadRequest, "a socket was inherited that listens on " + unused +
                                             ", which is no address of tcp.listen, http.listen or "
                                             "grpc.listen");
    return Addresses{bound[0], bound[1], {bound.begin() + 2, bound.end()}};
  }

  void start() {
    if (options_.io_uring && !SendBatch::possible()) log_.info("io_uring_refused");
    for (auto& door : doors_) {
      door->shard.post([&door = *door] {
        door.hub.start();
        for (auto* acceptor : door.acceptors())
          acceptor->start();
      });
    }
  }

  void drain(std::chrono::milliseconds limit) {
    if (options_.drain_delay.count() > 0 && limit.count() > 0) {
      on_every_shard([](ShardDoors& door) { door.http.announce_end(); });
      std::this_thread::sleep_for(options_.drain_delay);
    }
    on_every_shard([](ShardDoors& door) {
      for (auto* acceptor : door.acceptors())
        acceptor->stop();
      door.http.drain();
    });
    const auto spread = spread_of_returns();
    const auto deadline = std::chrono::steady_clock::now() + limit;
    // A call of gRPC's that does not end must not keep the others from being told in time.
    const std::jthread grpc_stops([&] { grpc_.stop(limit, spread); });
    // Calls under way are answered before their clients' connections are told to go, for which
    // there must be time.
    wait_until(deadline - limit / 2, [](ShardDoors& door) { return door.http.open_connections(); });
    on_every_shard([spread](ShardDoors& door) { door.hub.drain(spread); });
    wait_until(deadline, [](ShardDoors& door) { return door.hub.size(); });
    on_every_shard([](ShardDoors& door) {
      door.hub.stop();
      door.grpc_connections.stop();
    });
  }

 private:
  Result<boost::asio::ip::tcp::endpoint> check_address(const std::string& listen) const {
    auto wanted = parse_listen_address(listen);
    if (!wanted) return wanted;
    if (options_.loopback_only && !wanted->address().is_loopback())
      return Error(ErrCode::kBadRequest,
                   "will not listen on " + listen +
                       ": in development mode (no sender of codes is configured) anybody who "
                       "reaches the server can sign in as anyone; use a loopback address");
    return wanted;
  }

  // `which` of each shard's acceptors.
  Result<std::string> open_door(const std::string& listen, std::size_t which) {
    auto wanted = check_address(listen);
    if (!wanted) return wanted.take_error();
    if (inherited_.has(*wanted)) return adopt_door(*wanted, which);
    auto endpoint = claim(shards_.front()->context(), *wanted);
    if (!endpoint) return endpoint.take_error();
    for (auto& door : doors_) {
      auto opened = door->acceptors()[which]->open(*endpoint);
      if (!opened) return opened.take_error();
    }
    return to_string(*endpoint);
  }

  // All shards accept from the one socket.
  Result<std::string> adopt_door(const boost::asio::ip::tcp::endpoint& endpoint,
                                 std::size_t which) {
    for (auto& door : doors_) {
      auto adopted = door->acceptors()[which]->adopt(endpoint, inherited_.copy(endpoint));
      if (!adopted) return adopted.take_error();
    }
    return to_string(endpoint);
  }

  // Runs `task` on each shard and waits for all of them.
  template <class Task>
  void on_every_shard(Task task) {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t left = doors_.size();
    for (auto& door : doors_) {
      door->shard.post([&, &door = *door] {
        task(door);
        std::lock_guard lock(mutex);
        --left;
        changed.notify_one();
      });
    }
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return left == 0; });
  }

  // Within which everybody comes back who is connected now: at half the rate of
  // limits.accepts_per_second, so that there is room for others.
  std::chrono::milliseconds spread_of_returns() {
    constexpr std::chrono::milliseconds kShortest{1000};
    constexpr std::size_t kRate = 2500;
    std::atomic<std::size_t> connections{0};
    on_every_shard([&](ShardDoors& door) { connections += door.hub.size(); });
    const std::size_t limit = options_.accepts_per_second;
    const auto needed = 2000 * connections.load() / (limit > 0 ? limit : kRate);
    return std::clamp(std::chrono::milliseconds(needed), kShortest, wire::kLongestPause);
  }

  // Until the counts of all shards are zero, or the deadline.
  template <class Count>
  void wait_until(std::chrono::steady_clock::time_point deadline, Count count) {
    for (;;) {
      std::atomic<std::size_t> left{0};
      on_every_shard([&](ShardDoors& door) { left += count(door); });
      if (left == 0 || std::chrono::steady_clock::now() >= deadline) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  Shards& shards_;
  Logger& log_;
  GatewayOptions options_;
  SessionOptions session_;
  InheritedSockets inherited_;
  std::shared_ptr<Gate> gate_;
  WasteGuard waste_;
  GrpcServer grpc_;
  std::vector<std::unique_ptr<ShardDoors>> doors_;
};

Gateway::Gateway(Shards& shards, api::Api& api, logic::Messages& messages, logic::Devices& devices,
                 logic::Rooms& rooms, router::Router& router, const Clock& clock, Logger& log,
                 Refusals& refusals, GatewayOptions options)
    : impl_(std::make_unique<Impl>(shards, api,
                                   Services{api, api.authenticator(), messages, devices, rooms,
                                            router, clock, log, refusals},
                                   std::move(options))) {}

Gateway::~Gateway() = default;

Result<Addresses> Gateway::open() {
  return impl_->open();
}
void Gateway::start() {
  impl_->start();
}
void Gateway::drain(std::chrono::milliseconds limit) {
  impl_->drain(limit);
}

}  // namespace linnet::gateway
