#include "gate.hpp"

#include <algorithm>

namespace linnet::gateway {
namespace {

boost::asio::ip::address plain(const boost::asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
}

}  // namespace

std::string limited_address(const boost::asio::ip::address& address) {
  const auto one = plain(address);
  if (one.is_v4() || one.is_loopback()) return one.to_string();
  auto bytes = one.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return boost::asio::ip::address_v6(bytes).to_string() + "/64";
}

Gate::Ticket Gate::enter(const boost::asio::ip::address& address, std::size_t places) {
  auto key = limited_address(address);
  const bool counted = options_.per_address > 0 && !is_local(key);
  std::lock_guard lock(mutex_);
  if (options_.connections > 0 && taken_ + places > options_.connections) {
    refusals_.count(Refusal::kConnections);
    return {};
  }
  auto& there = *by_address_.try_emplace(std::move(key), 0).first;
  if (counted && there.second >= options_.per_address) {
    refusals_.count(Refusal::kPerAddress);
    return {};
  }
  ++there.second;
  taken_ += places;
  return {shared_from_this(), there, places};
}

void Gate::leave(const std::string& address, std::size_t places) {
  std::lock_guard lock(mutex_);
  taken_ -= places;
  auto it = by_address_.find(address);
  if (it != by_address_.end() && --it->second == 0) by_address_.erase(it);
}

std::chrono::microseconds Gate::pace(std::chrono::microseconds now) {
  if (options_.accepts_per_second == 0) return std::chrono::microseconds(0);
  const std::chrono::microseconds interval(1000000 / options_.accepts_per_second);
  std::lock_guard lock(mutex_);
  next_ = std::max(next_, now) + interval;
  return std::max(next_ - now - kAhead, std::chrono::microseconds(0));
}

std::uint64_t Gate::log_now(std::chrono::milliseconds now) {
  std::lock_guard lock(mutex_);
  ++unlogged_;
  if (now - logged_ < kLogEvery) return 0;
  logged_ = now;
  return std::exchange(unlogged_, 0);
}

std::size_t Gate::taken() const {
  std::lock_guard lock(mutex_);
  return taken_;
}

}  // namespace linnet::gateway
