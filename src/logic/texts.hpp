// Limits on the texts that a client sends to be kept.
#pragma once

#include "linnet/base/error.hpp"

#include <cstddef>
#include <string>

namespace linnet::logic {

inline constexpr std::size_t kNameBytes = 256;
inline constexpr std::size_t kRemarksBytes = 256;
inline constexpr std::size_t kDescriptionBytes = 1024;
inline constexpr std::size_t kUrlBytes = 1024;
inline constexpr std::size_t kExtraBytes = 4096;

// Error: kBadRequest.
inline Status check_text(const char* field, const std::string& text, std::size_t limit) {
  if (text.size() <= limit) return success();
  return Error(ErrCode::kBadRequest,
               std::string(field) + ": at most " + std::to_string(limit) + " bytes");
}

// Of CreateGroupReq and UpdateGroupReq.
template <class Request>
Status check_group_texts(const Request& request) {
  for (auto checked : {check_text("name", request.name(), kNameBytes),
                       check_text("avatar_url", request.avatar_url(), kUrlBytes),
                       check_text("introduction", request.introduction(), kExtraBytes),
                       check_text("extra", request.extra(), kExtraBytes)}) {
    if (!checked) return checked;
  }
  return success();
}

inline Status check_notes(const std::string& remarks, const std::string& extra) {
  auto checked = check_text("remarks", remarks, kRemarksBytes);
  return checked ? check_text("extra", extra, kExtraBytes) : checked;
}

}  // namespace linnet::logic
