// The one error type of the project: a code that a client can act on, a sentence for the client and
// a detail for the log. Result<T> is a value or an Error; Status is a Result without a value.
#pragma once

#include <boost/assert/source_location.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace linnet {

// The numbers of pb.ErrCode (proto/pb/linnet.proto); 1001 to 1012 are fixed by existing clients.
enum class ErrCode : std::int32_t {
  kSuccess = 0,
  kServerUnknown = 1001,
  kBadCode = 1002,
  kUnauthorized = 1003,
  kIsNotFriend = 1004,
  kIsNotInGroup = 1005,
  kDeviceNotBindUser = 1006,
  kBadRequest = 1007,
  kUserAlreadyExist = 1008,
  kGroupAlreadyExist = 1009,
  kGroupNotExist = 1010,
  kUserNotExist = 1011,
  kDeviceNotExist = 1012,
  kServerBusy = 2001,
  kStorage = 2002,
  kRateLimited = 2003,
  kTooLarge = 2004,
  kTimeout = 2005,
  kUnimplemented = 2006,
  kDeviceReplaced = 2007,
  kShuttingDown = 2008,
  kMethodNotAllowed = 2009,
  kUnsupportedMedia = 2010,
  kMuted = 2011,
  kForbidden = 2012,
  kGroupFull = 2013,
  kBlocked = 2014,
  kJoinClosed = 2015,
  kSignedOut = 2020,
  kDeviceExcluded = 2021,
  kNotOffered = 2022,
  kUserSystem = 2023,
  kBadPassword = 2024,
  kCodeNotSent = 2025,
  kNotInRoom = 2035,
  kTooManyRooms = 2036,
  kBanned = 2037,
  kRoomNotExist = 2038,
  kSlowMode = 2039,
  kRoomAlreadyExist = 2040,
  kTooManyGroups = 2041,
  kTooManyFriends = 2042,
};

class [[nodiscard]] Error {
 public:
  Error() = default;
  // `message` is shown to clients and says what to do; `detail` is for the log only.
  explicit Error(ErrCode code, std::string message = {}, std::string detail = {},
                 boost::source_location where = BOOST_CURRENT_LOCATION)
      : code_(code), message_(std::move(message)), detail_(std::move(detail)), where_(where) {}

  ErrCode code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& detail() const { return detail_; }
  const boost::source_location& where() const { return where_; }

 private:
  ErrCode code_ = ErrCode::kServerUnknown;
  std::string message_;
  std::string detail_;
  boost::source_location where_;
};

struct Unit {};

// A T or an Error. A default-made Result is an Error (Asio needs results that can be default-made).
template <class T>
class [[nodiscard]] Result {
 public:
  Result() : state_(std::in_place_index<1>) {}
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Only when ok(); anything else is a programmer's error and throws std::bad_variant_access.
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Only when !ok().
  const Error& error() const { return std::get<1>(state_); }
  Error take_error() { return std::move(std::get<1>(state_)); }
  ErrCode code() const { return ok() ? ErrCode::kSuccess : error().code(); }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<Unit>;
inline Status success() {
  return Unit{};
}

// "EC_UNAUTHORIZED" and so on; "EC_UNKNOWN" for a number that is none of ours.
std::string_view name(ErrCode code);
// The sentence a client is shown when the error brings none of its own.
std::string_view default_message(ErrCode code);

}  // namespace linnet
