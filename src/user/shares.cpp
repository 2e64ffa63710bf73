#include "shares.hpp"

#include "address.hpp"

namespace linnet::user {
namespace {

std::string from(const std::string& address) {
  return "from " + address;
}

}  // namespace

bool Shares::enter(const std::string& address, const std::string& whose, std::size_t most) {
  if (of_address_ == 0) return true;
  const bool counted = !is_anybodys(address);
  std::lock_guard lock(mutex_);
  if (!has_room(whose, most) || (counted && !has_room(from(address), of_address_))) return false;
  ++under_way_[whose];
  if (counted) ++under_way_[from(address)];
  return true;
}

void Shares::leave(const std::string& address, const std::string& whose) {
  std::lock_guard lock(mutex_);
  end_one(whose);
  if (!is_anybodys(address)) end_one(from(address));
}

bool Shares::has_room(const std::string& who, std::size_t most) const {
  const auto it = under_way_.find(who);
  return it == under_way_.end() || it->second < most;
}

void Shares::end_one(const std::string& who) {
  const auto it = under_way_.find(who);
  if (it != under_way_.end() && --it->second == 0) under_way_.erase(it);
}

}  // namespace linnet::user
