// The background thread's work: opens the long connection again and again, moves its packets, and
// tells the application.
#pragma once

#include "backoff.hpp"
#include "link.hpp"
#include "session.hpp"
#include "socket.hpp"

#include "linnet/base/clock.hpp"
#include "linnet/client/client.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace linnet::client {

struct KeeperOptions {
  LinkTarget target;
  SessionOptions session;
  SessionIdentity identity;
  Seq last_seq;
  std::chrono::milliseconds backoff_base{500};
  std::chrono::milliseconds backoff_max{20000};
};

// Thread: the one that calls run(); stop() from any.
class Keeper {
 public:
  // `on_seq` is called after each message that moved the seq; `on_final` before kEnded is told.
  struct Hooks {
    std::function<void(Seq)> on_seq;
    std::function<void()> on_final;
  };

  Keeper(KeeperOptions options, Handlers handlers, Hooks hooks)
      : options_(std::move(options)),
        handlers_(std::move(handlers)),
        hooks_(std::move(hooks)),
        backoff_(options_.backoff_base, options_.backoff_max),
        last_seq_(options_.last_seq) {}

  // Until stop(), or an end that is terminal.
  void run();
  void stop();

 private:
  bool stopping() const { return stopping_; }
  // One connection, from opening it to its end; nothing when stopped.
  std::optional<End> connect_once();
  void turn(Link& link, Session& session);
  void deliver(Session& session);
  void note_seq(const Session& session);
  void send(Link& link, Session& session);
  void tell(State state, const Error* error = nullptr);
  Session::Time now() const { return clock_.steady(); }

  KeeperOptions options_;
  Handlers handlers_;
  Hooks hooks_;
  SystemClock clock_;
  Cancel cancel_;
  Backoff backoff_;
  Seq last_seq_;
  bool told_online_ = false;
  std::atomic<bool> stopping_{false};
};

}  // namespace linnet::client
