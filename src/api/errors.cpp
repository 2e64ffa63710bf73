#include "linnet/api/errors.hpp"

namespace linnet::api {

ErrorForm error_form(ErrCode code) {
  switch (code) {
    case ErrCode::kSuccess: return {"", 200};
    case ErrCode::kServerUnknown: return {"internal", 500};
    case ErrCode::kBadCode: return {"unauthenticated", 401};
    case ErrCode::kUnauthorized: return {"unauthenticated", 401};
    case ErrCode::kIsNotFriend: return {"permission_denied", 403};
    case ErrCode::kIsNotInGroup: return {"permission_denied", 403};
    case ErrCode::kDeviceNotBindUser: return {"failed_precondition", 400};
    case ErrCode::kBadRequest: return {"invalid_argument", 400};
    case ErrCode::kUserAlreadyExist: return {"already_exists", 409};
    case ErrCode::kGroupAlreadyExist: return {"already_exists", 409};
    case ErrCode::kGroupNotExist: return {"not_found", 404};
    case ErrCode::kUserNotExist: return {"not_found", 404};
    case ErrCode::kDeviceNotExist: return {"not_found", 404};
    case ErrCode::kServerBusy: return {"unavailable", 503};
    case ErrCode::kStorage: return {"unavailable", 503};
    case ErrCode::kRateLimited: return {"resource_exhausted", 429};
    case ErrCode::kTooLarge: return {"resource_exhausted", 429};
    case ErrCode::kTimeout: return {"deadline_exceeded", 504};
    case ErrCode::kUnimplemented: return {"unimplemented", 501};
    case ErrCode::kDeviceReplaced: return {"aborted", 409};
    case ErrCode::kShuttingDown: return {"unavailable", 503};
    case ErrCode::kMethodNotAllowed: return {"unknown", 405};
    case ErrCode::kUnsupportedMedia: return {"unknown", 415};
    case ErrCode::kMuted: return {"permission_denied", 403};
    case ErrCode::kForbidden: return {"permission_denied", 403};
    case ErrCode::kGroupFull: return {"failed_precondition", 400};
    case ErrCode::kBlocked: return {"permission_denied", 403};
    case ErrCode::kJoinClosed: return {"permission_denied", 403};
    case ErrCode::kSignedOut: return {"unauthenticated", 401};
    case ErrCode::kDeviceExcluded: return {"unauthenticated", 401};
    case ErrCode::kNotOffered: return {"unimplemented", 501};
    case ErrCode::kUserSystem: return {"unavailable", 503};
    case ErrCode::kBadPassword: return {"unauthenticated", 401};
    case ErrCode::kCodeNotSent: return {"unavailable", 503};
    case ErrCode::kNotInRoom: return {"failed_precondition", 400};
    case ErrCode::kTooManyRooms: return {"resource_exhausted", 429};
    case ErrCode::kBanned: return {"permission_denied", 403};
    case ErrCode::kRoomNotExist: return {"not_found", 404};
    case ErrCode::kSlowMode: return {"resource_exhausted", 429};
    case ErrCode::kRoomAlreadyExist: return {"already_exists", 409};
    case ErrCode::kTooManyGroups: return {"failed_precondition", 400};
    case ErrCode::kTooManyFriends: return {"failed_precondition", 400};
  }
  return {"unknown", 500};
}

std::string_view client_message(const Error& error) {
  return error.message().empty() ? default_message(error.code()) : error.message();
}

}  // namespace linnet::api
