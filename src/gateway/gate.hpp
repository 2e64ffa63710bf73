// How many connections there may be, in all and from one address, and how fast they are let in.
//
//   accept -> enter() -> a ticket for its places, which lives as long as the connection
//                     -> nothing: it is closed
//          -> pace()  -> how long to leave the next one in the kernel's queue
#pragma once

#include "linnet/base/address.hpp"
#include "linnet/base/refusals.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace linnet::gateway {

// What limits count as one: an IPv4 address, or the /64 of an IPv6 one, of which a host has as many
// as it likes.
std::string limited_address(const boost::asio::ip::address& address);

struct GateOptions {
  std::size_t connections = 0;           // places; 0: no limit
  std::size_t per_address = 0;           // 0: no limit; is_local() has none
  std::uint32_t accepts_per_second = 0;  // 0: as fast as it goes
};

// One for all doors. Thread: any. Its tickets keep it.
class Gate : public std::enable_shared_from_this<Gate> {
  // An address, as limits count it, and its connections.
  using There = std::pair<const std::string, std::size_t>;

 public:
  // Movable; gives its places back at its end.
  class Ticket {
   public:
    Ticket() = default;
    // One of those that `there` counts already, and which keeps it.
    Ticket(std::shared_ptr<Gate> gate, const There& there, std::size_t places)
        : gate_(std::move(gate)), there_(&there), places_(places) {}
    ~Ticket() { release(); }
    Ticket(Ticket&& other) noexcept = default;
    Ticket& operator=(Ticket&& other) noexcept {
      if (this == &other) return *this;
      release();
      gate_ = std::move(other.gate_);
      there_ = other.there_;
      places_ = other.places_;
      return *this;
    }
    explicit operator bool() const { return gate_ != nullptr; }
    // As limits count it; empty without a ticket.
    std::string address() const { return gate_ ? there_->first : std::string(); }

   private:
    void release() {
      if (auto gate = std::exchange(gate_, nullptr)) gate->leave(there_->first, places_);
    }
    std::shared_ptr<Gate> gate_;
    const There* there_ = nullptr;
    std::size_t places_ = 0;
  };

  // `refusals` outlives enter().
  Gate(const GateOptions& options, Refusals& refusals) : options_(options), refusals_(refusals) {}

  // No ticket: there are as many as there may be, which is counted. It takes a place of all for
  // each descriptor that it needs, and is one of its address.
  Ticket enter(const boost::asio::ip::address& address, std::size_t places = 1);
  // One was accepted: how long to wait before the next is. Those of all doors together come at an
  // even pace, at most kAhead before their time.
  std::chrono::microseconds pace(std::chrono::microseconds now);
  // Whether a refusal is to be logged now, at most one a second is: how many there were since the
  // last line; 0: not now.
  std::uint64_t log_now(std::chrono::milliseconds now);
  std::size_t taken() const;

 private:
  static constexpr std::chrono::microseconds kAhead{5000};
  static constexpr std::chrono::milliseconds kLogEvery{1000};
  void leave(const std::string& address, std::size_t places);

  const GateOptions options_;
  Refusals& refusals_;
  mutable std::mutex mutex_;
  std::size_t taken_ = 0;                                    // places
  std::unordered_map<std::string, std::size_t> by_address_;  // whose nodes stay where they are
  std::chrono::microseconds next_{0};                        // when the next connection is due
  std::chrono::milliseconds logged_{-kLogEvery};
  std::uint64_t unlogged_ = 0;
};

}  // namespace linnet::gateway
