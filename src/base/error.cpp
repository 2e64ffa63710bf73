#include "linnet/base/error.hpp"

namespace linnet {

std::string_view name(ErrCode code) {
  switch (code) {
    case ErrCode::kSuccess: return "EC_SUCCESS";
    case ErrCode::kServerUnknown: return "EC_SERVER_UNKNOWN";
    case ErrCode::kBadCode: return "EC_BAD_CODE";
    case ErrCode::kUnauthorized: return "EC_UNAUTHORIZED";
    case ErrCode::kIsNotFriend: return "EC_IS_NOT_FRIEND";
    case ErrCode::kIsNotInGroup: return "EC_IS_NOT_IN_GROUP";
    case ErrCode::kDeviceNotBindUser: return "EC_DEVICE_NOT_BIND_USER";
    case ErrCode::kBadRequest: return "EC_BAD_REQUEST";
    case ErrCode::kUserAlreadyExist: return "EC_USER_ALREADY_EXIST";
    case ErrCode::kGroupAlreadyExist: return "EC_GROUP_ALREADY_EXIST";
    case ErrCode::kGroupNotExist: return "EC_GROUP_NOT_EXIST";
    case ErrCode::kUserNotExist: return "EC_USER_NOT_EXIST";
    case ErrCode::kDeviceNotExist: return "EC_DEVICE_NOT_EXIST";
    case ErrCode::kServerBusy: return "EC_SERVER_BUSY";
    case ErrCode::kStorage: return "EC_STORAGE";
    case ErrCode::kRateLimited: return "EC_RATE_LIMITED";
    case ErrCode::kTooLarge: return "EC_TOO_LARGE";
    case ErrCode::kTimeout: return "EC_TIMEOUT";
    case ErrCode::kUnimplemented: return "EC_UNIMPLEMENTED";
    case ErrCode::kDeviceReplaced: return "EC_DEVICE_REPLACED";
    case ErrCode::kShuttingDown: return "EC_SHUTTING_DOWN";
    case ErrCode::kMethodNotAllowed: return "EC_METHOD_NOT_ALLOWED";
    case ErrCode::kUnsupportedMedia: return "EC_UNSUPPORTED_MEDIA";
    case ErrCode::kMuted: return "EC_MUTED";
    case ErrCode::kForbidden: return "EC_FORBIDDEN";
    case ErrCode::kGroupFull: return "EC_GROUP_FULL";
    case ErrCode::kBlocked: return "EC_BLOCKED";
    case ErrCode::kJoinClosed: return "EC_JOIN_CLOSED";
    case ErrCode::kSignedOut: return "EC_SIGNED_OUT";
    case ErrCode::kDeviceExcluded: return "EC_DEVICE_EXCLUDED";
    case ErrCode::kNotOffered: return "EC_NOT_OFFERED";
    case ErrCode::kUserSystem: return "EC_USER_SYSTEM";
    case ErrCode::kBadPassword: return "EC_BAD_PASSWORD";
    case ErrCode::kCodeNotSent: return "EC_CODE_NOT_SENT";
    case ErrCode::kNotInRoom: return "EC_NOT_IN_ROOM";
    case ErrCode::kTooManyRooms: return "EC_TOO_MANY_ROOMS";
    case ErrCode::kBanned: return "EC_BANNED";
    case ErrCode::kRoomNotExist: return "EC_ROOM_NOT_EXIST";
    case ErrCode::kSlowMode: return "EC_SLOW_MODE";
    case ErrCode::kRoomAlreadyExist: return "EC_ROOM_ALREADY_EXIST";
    case ErrCode::kTooManyGroups: return "EC_TOO_MANY_GROUPS";
    case ErrCode::kTooManyFriends: return "EC_TOO_MANY_FRIENDS";
  }
  return "EC_UNKNOWN";
}

std::string_view default_message(ErrCode code) {
  switch (code) {
    case ErrCode::kSuccess: return "";
    case ErrCode::kServerUnknown:
      return "the server failed; try again, and report it with the request id";
    case ErrCode::kBadCode: return "the code is wrong or has expired; ask for a new one";
    case ErrCode::kUnauthorized:
      return "sign in again: the user, device and token do not fit together";
    case ErrCode::kIsNotFriend: return "you are not friends; add each other first";
    case ErrCode::kIsNotInGroup: return "you are not a member of this group";
    case ErrCode::kDeviceNotBindUser: return "no user is signed in on this device";
    case ErrCode::kBadRequest: return "the request is malformed";
    case ErrCode::kUserAlreadyExist: return "the user exists already";
    case ErrCode::kGroupAlreadyExist: return "the group exists already";
    case ErrCode::kGroupNotExist: return "there is no such group";
    case ErrCode::kUserNotExist: return "there is no such user";
    case ErrCode::kDeviceNotExist: return "there is no such device; register it first";
    case ErrCode::kServerBusy: return "the server is busy; nothing was done, try again shortly";
    case ErrCode::kStorage: return "the server cannot write; nothing was stored, try again later";
    case ErrCode::kRateLimited: return "too many requests; wait and try again";
    case ErrCode::kTooLarge: return "the request is larger than allowed";
    case ErrCode::kTimeout: return "the deadline passed; the request may have been carried out";
    case ErrCode::kUnimplemented: return "there is no such method";
    case ErrCode::kDeviceReplaced: return "this device has connected again elsewhere";
    case ErrCode::kShuttingDown: return "the server is stopping; connect again shortly";
    case ErrCode::kMethodNotAllowed: return "the HTTP method does not fit; calls are POST";
    case ErrCode::kUnsupportedMedia:
      return "use Content-Type application/json or application/proto, without a Content-Encoding";
    case ErrCode::kMuted: return "you are muted for now";
    case ErrCode::kForbidden: return "your role does not allow this";
    case ErrCode::kGroupFull: return "the group has no room for more members";
    case ErrCode::kBlocked: return "that user takes nothing from you";
    case ErrCode::kJoinClosed: return "only members can add others to this group";
    case ErrCode::kSignedOut: return "this device was signed out; sign in again";
    case ErrCode::kDeviceExcluded: return "the account was signed in on another device";
    case ErrCode::kNotOffered: return "this server is configured not to offer this";
    case ErrCode::kUserSystem: return "the user system does not answer; try again shortly";
    case ErrCode::kBadPassword: return "the phone number and the password do not fit together";
    case ErrCode::kCodeNotSent: return "the code could not be sent; try again shortly";
    case ErrCode::kNotInRoom: return "this connection is not in the room; subscribe first";
    case ErrCode::kTooManyRooms: return "this connection is in as many rooms as it may be";
    case ErrCode::kBanned: return "you are banned from this room";
    case ErrCode::kRoomNotExist: return "there is no such room";
    case ErrCode::kSlowMode: return "this room is in slow mode; write again later";
    case ErrCode::kRoomAlreadyExist: return "there is a room with this id";
    case ErrCode::kTooManyGroups:
      return "a user is in as many groups as there may be; leave one first";
    case ErrCode::kTooManyFriends:
      return "you have as many friends and open requests as there may be; end one first";
  }
  return "the server failed";
}

}  // namespace linnet
