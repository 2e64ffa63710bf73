// Acknowledgements that wait for being written: the highest per device, many at a time.
#pragma once

#include "linnet/base/ids.hpp"

#include <mutex>
#include <unordered_map>
#include <vector>

namespace linnet::store {

struct Ack {
  UserId user;
  DeviceId device;
  Seq seq;
};

class Acks {
 public:
  // When `limit` wait and cannot be written, further ones are forgotten: a device then only begins
  // earlier. Not clamped yet. Thread: any; likewise the next two.
  void note(const Ack& ack, std::size_t limit);
  // The highest that waits for any device of the user; 0: none.
  Seq highest(UserId user) const;
  std::size_t size() const;

  // Takes about `count` in user order, which stay visible until written() or put_back(). Writer.
  std::vector<Ack> take(std::size_t count);
  void written();
  void put_back();

 private:
  using Devices = std::vector<std::pair<DeviceId, Seq>>;
  using Users = std::unordered_map<UserId, Devices>;
  static bool raise(Users& users, const Ack& ack);
  static Seq highest_in(const Users& users, UserId user);

  mutable std::mutex mutex_;
  Users waiting_;
  Users taken_;
  std::size_t size_ = 0;  // of waiting_
};

}  // namespace linnet::store
