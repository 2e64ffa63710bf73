// Distinct types for the numbers of the domain: a UserId is no DeviceId, and mixing them up does
// not compile.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace linnet {

template <class Tag>
class Number {
 public:
  constexpr Number() = default;
  constexpr explicit Number(std::int64_t value) : value_(value) {}
  constexpr std::int64_t value() const { return value_; }
  constexpr explicit operator bool() const { return value_ != 0; }
  constexpr Number next() const { return Number(value_ + 1); }
  friend constexpr auto operator<=>(Number, Number) = default;

 private:
  std::int64_t value_ = 0;
};

using UserId = Number<struct UserIdTag>;
using DeviceId = Number<struct DeviceIdTag>;
using GroupId = Number<struct GroupIdTag>;
using KeyId = Number<struct KeyIdTag>;
using RoomId = Number<struct RoomIdTag>;
// The client's own id of a request, for retries; 0 means none.
using RequestId = Number<struct RequestIdTag>;
// Position of an entry in one inbox: 1, 2, 3 … without a gap; 0 is before the first.
using Seq = Number<struct SeqTag>;
// Position of a message in the store's log.
using MessageId = Number<struct MessageIdTag>;
// Wall-clock time, milliseconds since 1970 (UTC).
using Millis = Number<struct MillisTag>;

// Whose log of messages: a user's own inbox, or the one that the members of a group share.
using InboxId = Number<struct InboxIdTag>;
constexpr InboxId inbox_of(UserId user) {
  return InboxId(user.value());
}
constexpr InboxId inbox_of(GroupId group) {
  return InboxId(-group.value());
}

// splitmix64's finaliser (Steele, Lea, Flood 2014): ids are sequential, their hashes must not be.
constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30U;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27U;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

}  // namespace linnet

template <class Tag>
struct std::hash<linnet::Number<Tag>> {
  std::size_t operator()(linnet::Number<Tag> n) const noexcept {
    return static_cast<std::size_t>(linnet::mix(static_cast<std::uint64_t>(n.value())));
  }
};
