#include "linnet/app/server.hpp"

#include "heap.hpp"
#include "methods.hpp"
#include "options.hpp"

#include "linnet/api/methods.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/base/random.hpp"
#include "linnet/base/refusals.hpp"
#include "linnet/base/shard.hpp"
#include "linnet/gateway/gateway.hpp"
#include "linnet/logic/backend.hpp"
#include "linnet/logic/devices.hpp"
#include "linnet/logic/erasure.hpp"
#include "linnet/logic/friends.hpp"
#include "linnet/logic/groups.hpp"
#include "linnet/logic/messages.hpp"
#include "linnet/logic/room_calls.hpp"
#include "linnet/logic/rooms.hpp"
#include "linnet/router/rooms.hpp"
#include "linnet/router/router.hpp"
#include "linnet/store/sqlite.hpp"
#include "linnet/user/accounts.hpp"

#include <algorithm>
#include <filesystem>
#include <thread>
#include <unistd.h>
#include <utility>

namespace linnet::app {
namespace {

Shards make_shards(std::size_t wanted) {
  auto count = wanted != 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
  Shards shards;
  for (std::size_t i = 0; i < count; ++i)
    shards.push_back(std::make_unique<Shard>(i));
  return shards;
}

}  // namespace

// Members in the order of dependence. The shards are stopped and emptied first (Impl::stop): what
// still waits in them refers to everything below.
class Server::Impl {
 public:
  Impl(Config config, Logger& log, std::vector<int> inherited)
      : config_(std::move(config)), log_(log), inherited_(std::move(inherited)) {}
  ~Impl() { stop(std::chrono::milliseconds(0)); }

  Result<Running> start() {
    open_files();
    if (!init_random()) return Error(ErrCode::kServerUnknown, "the system gives no randomness");
    auto store = store::open_sqlite(store_options(config_), clock_, log_);
    if (!store) return store.take_error();
    store_ = std::move(*store);
    shards_ = make_shards(static_cast<std::size_t>(config_.server.io_threads));
    router_ = router::make_local_router(shards_, static_cast<double>(config_.broadcast.per_second));
    auto live = room_options(config_);
    live.refusals = &refusals_;
    live_ = std::make_unique<router::Rooms>(shards_, clock_, live);
    auto opened = open_accounts();
    if (!opened) return opened.take_error();
    accounts_->on_revoked([this](DeviceId device, ErrCode why) { router_->dismiss(device, why); });
    devices_ = std::make_unique<logic::Devices>(*store_, *accounts_, *router_, clock_);
    friends_ = std::make_unique<logic::Friends>(*store_, *accounts_, *router_, clock_);
    groups_ = std::make_unique<logic::Groups>(*store_, *accounts_, *router_, clock_,
                                              group_options(config_));
    messages_ = std::make_unique<logic::Messages>(*store_, *accounts_, *router_, clock_,
                                                  message_options(config_));
    backend_ = std::make_unique<logic::Backend>(*store_, *accounts_, *devices_, *router_, clock_,
                                                group_options(config_));
    erasure_ = std::make_unique<logic::Erasure>(*store_, *accounts_, *router_, clock_);
    keys_ = std::make_unique<user::Keys>(
        *store_, clock_,
        static_cast<int>(config_.limits.enabled ? config_.limits.bad_tokens_per_minute : 0),
        refusals_);
    auto known = remember_keys();
    if (!known) return known.take_error();
    rooms_ =
        std::make_unique<logic::Rooms>(*store_, *live_, clock_, room_rules(config_), &refusals_);
    room_calls_ = std::make_unique<logic::RoomCalls>(
        *store_, *live_, *rooms_, clock_, config_.limits.enabled ? config_.limits.rooms_per_day : 0,
        &refusals_);
    limiter_ = std::make_unique<api::Limiter>(clock_, limit_options(config_), &refusals_);
    add_methods(table_, *accounts_, *devices_, *friends_, *groups_, *messages_, *backend_);
    add_room_methods(table_, *room_calls_);
    add_erasure(table_, *erasure_);
    api_ = std::make_unique<api::Api>(table_, *accounts_, *keys_, *limiter_, log_);
    gateway_ = std::make_unique<gateway::Gateway>(shards_, *api_, *messages_, *devices_, *rooms_,
                                                  *router_, clock_, log_, refusals_,
                                                  with_outside(gateway_options(config_)));
    auto addresses = gateway_->open();
    if (!addresses) {
      stop(std::chrono::milliseconds(0));
      return addresses.take_error();
    }
    for (auto& shard : shards_)
      shard->start();
    gateway_->start();
    started_ = true;
    return Running{addresses->tcp, addresses->http, addresses->grpc,
                   std::filesystem::absolute(config_.server.data_dir).lexically_normal().string(),
                   accounts_->development_code()};
  }

  void stop(std::chrono::milliseconds limit) {
    if (started_) gateway_->drain(limit);
    started_ = false;
    if (hooks_) hooks_->close();
    if (accounts_) accounts_->close();
    // What is queued commits, and its waiters are told, while their shards still run.
    if (store_) store_->close();
    for (auto& shard : shards_)
      shard->stop();
    gateway_.reset();
    shards_.clear();
  }

 private:
  // What of the options no setting says.
  gateway::GatewayOptions with_outside(gateway::GatewayOptions options) {
    options.inherited = std::exchange(inherited_, {});
    options.vitals.version = kVersion;
    options.vitals.trouble = [this] { return store_->trouble(); };
    options.vitals.load = [this] { return store_->load(); };
    options.vitals.commits = store_->commits();
    options.vitals.memory = [] {
      const auto now = heap_state();
      return gateway::MemoryUse{now.resident, now.used};
    };
    return options;
  }

  Status remember_keys() {
    auto book = store::open_key_book(config_.server.data_dir);
    if (!book) return book.take_error();
    auto all = (*book)->list();
    if (!all) return all.take_error();
    for (const auto& key : *all)
      if (!key.revoked) keys_->remember(key.hash);
    return success();
  }

  Status open_accounts() {
    auto options = account_options(config_);
    if (!options) return options.take_error();
    if (needs_hooks(config_)) {
      auto hooks = user::HttpClient::open(http_client_options(config_));
      if (!hooks) return hooks.take_error();
      hooks_ = std::move(*hooks);
    }
    accounts_ = std::make_unique<user::Accounts>(*store_, clock_, log_, std::move(*options),
                                                 hooks_.get(), &refusals_);
    return success();
  }

  Config config_;
  Logger& log_;
  std::vector<int> inherited_;  // until the gateway has them
  SystemClock clock_;
  Refusals refusals_;
  Shards shards_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<router::Router> router_;
  std::unique_ptr<router::Rooms> live_;
  std::unique_ptr<user::HttpClient> hooks_;
  std::unique_ptr<user::Accounts> accounts_;
  std::unique_ptr<logic::Devices> devices_;
  std::unique_ptr<logic::Friends> friends_;
  std::unique_ptr<logic::Groups> groups_;
  std::unique_ptr<logic::Messages> messages_;
  std::unique_ptr<logic::Backend> backend_;
  std::unique_ptr<logic::Erasure> erasure_;
  std::unique_ptr<user::Keys> keys_;
  std::unique_ptr<logic::Rooms> rooms_;
  std::unique_ptr<logic::RoomCalls> room_calls_;
  std::unique_ptr<api::Limiter> limiter_;
  api::MethodTable table_;
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<gateway::Gateway> gateway_;
  bool started_ = false;
};

Status check(const Config& config) {
  auto accounts = account_options(config);
  if (!accounts) return accounts.take_error();
  if (!config.hook.ca_file.empty() && ::access(config.hook.ca_file.c_str(), R_OK) != 0)
    return Error(ErrCode::kBadRequest,
                 "hook.ca_file: '" + config.hook.ca_file + "' cannot be read");
  return success();
}

Server::Server(Config config, Logger& log, std::vector<int> inherited)
    : impl_(std::make_unique<Impl>(std::move(config), log, std::move(inherited))) {}
Server::~Server() = default;
Result<Running> Server::start() {
  return impl_->start();
}
void Server::stop(std::chrono::milliseconds limit) {
  impl_->stop(limit);
}

}  // namespace linnet::app
