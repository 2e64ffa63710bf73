// What a connection over gRPC takes for nothing: calls that its client cancels, which are none of
// those under way (HTTP/2's rapid reset, CVE-2023-44487), and frames that belong to no call. gRPC
// reads whatever comes and has a pace for neither. One that takes more than it may is cut, and
// nobody is let in from its address for a while.
//
//   a connection comes -> WasteGuard::barred()? -> enter() -> its account -> leave()
//   a call begins, its message comes, it is cancelled -> the account --+-> cut, its address barred
//   some times a second, what the socket has received -> the account --+
#pragma once

#include "refusal_pace.hpp"

#include "linnet/base/clock.hpp"
#include "linnet/base/refusals.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace linnet::gateway {

inline constexpr std::uint32_t kCallsAtOnce = 100;  // on one connection

// Of a socket since it was connected.
struct Traffic {
  std::uint64_t received = 0;  // bytes that were read from it
  std::uint64_t sent = 0;      // and of what was sent those that its peer has
};

// What one connection has wasted. Thread: one.
class Waste {
 public:
  using Time = std::chrono::nanoseconds;

  // `message_bytes`: of the largest request.
  Waste(const RefusalLimits& limits, std::size_t message_bytes)
      : limits_(limits), message_bytes_(message_bytes) {}

  // A call whose metadata has so many bytes begins, and awaits its message. True: more of them are
  // not over than can be under way, so that its client cancels faster than they end.
  bool begun(std::size_t metadata);
  // One is over, whether it was cancelled or not.
  void ended() { --not_over_; }
  // The message of one came, with so many bytes; or it will not any more.
  void message(std::size_t bytes);
  void no_message() { --awaited_; }
  void awaited() { ++awaited_; }
  // True: its client cancels more than it may.
  bool cancelled(Time now);
  // True: more was received than belongs to calls, this time and the last.
  bool look(Time now, const Traffic& traffic);

 private:
  Rate may_cancel() const;
  RefusalLimits limits_;
  std::size_t message_bytes_;
  Schedule cancelled_;
  Traffic seen_;
  Time looked_{0};
  std::size_t not_over_ = 0;   // calls
  std::size_t awaited_ = 0;    // messages
  std::int64_t of_calls_ = 0;  // bytes since the last look
  std::int64_t wasted_ = 0;    // bytes that are not forgiven yet
  bool over_ = false;
};

// The account of one connection. Thread: any.
class WasteAccount;

// Of all connections. Thread: any; outlived by its accounts' owners.
class WasteGuard {
 public:
  // Both outlive it. Without a rate of refusals nobody has an account.
  WasteGuard(const Clock& clock, Refusals& refusals, const RefusalLimits& limits,
             std::size_t message_bytes)
      : clock_(clock), refusals_(refusals), limits_(limits), message_bytes_(message_bytes) {}

  // Nobody is let in from that address now, which is counted.
  bool barred(const std::string& address);
  // A connection that gRPC names `peer` has come. The descriptor is there until leave().
  std::shared_ptr<WasteAccount> enter(const std::string& peer, std::string address, int descriptor);
  void leave(const std::string& peer, const std::shared_ptr<WasteAccount>& account);
  // Null when it has none: those of this machine, behind which everybody may be.
  std::shared_ptr<WasteAccount> find(const std::string& peer);

 private:
  friend class WasteAccount;
  void bar(const std::string& address);

  const Clock& clock_;
  Refusals& refusals_;
  const RefusalLimits limits_;
  const std::size_t message_bytes_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<WasteAccount>> accounts_;  // by peer
  std::unordered_map<std::string, std::chrono::nanoseconds> barred_;         // until then
  std::size_t forgets_at_ = 0;  // so many, of which some may have served their time
};

class WasteAccount {
 public:
  WasteAccount(WasteGuard& all, std::string address, int descriptor)
      : all_(all),
        address_(std::move(address)),
        descriptor_(descriptor),
        waste_(all.limits_, all.message_bytes_) {}

  void begun(std::size_t metadata);
  void ended();
  void message(std::size_t bytes);
  void no_message();
  void awaited();
  void cancelled();
  void look();
  // The connection has ended on both sides: what its peer left behind is not read any more.
  void peer_gone();

 private:
  friend class WasteGuard;
  void cut();
  void disconnect();

  WasteGuard& all_;
  const std::string address_;
  std::mutex mutex_;
  int descriptor_;  // -1: it has left, or was cut
  Waste waste_;
};

// What one call tells the account of its connection, if that has one. Thread: one at a time, but
// for cancelled().
class CallWaste {
 public:
  CallWaste(std::shared_ptr<WasteAccount> account, std::size_t metadata)
      : account_(std::move(account)) {
    if (account_) account_->begun(metadata);
  }
  ~CallWaste() {
    no_message();
    if (account_) account_->ended();
  }
  CallWaste(const CallWaste&) = delete;
  CallWaste& operator=(const CallWaste&) = delete;

  void message(std::size_t bytes) {
    if (account_ && std::exchange(awaits_, false)) account_->message(bytes);
  }
  void no_message() {
    if (account_ && std::exchange(awaits_, false)) account_->no_message();
  }
  // One more.
  void await() {
    if (account_ && !std::exchange(awaits_, true)) account_->awaited();
  }
  void cancelled() {
    if (account_) account_->cancelled();
  }

 private:
  std::shared_ptr<WasteAccount> account_;
  bool awaits_ = true;
};

}  // namespace linnet::gateway
