// What a phone number looks like.
#pragma once

#include "linnet/base/error.hpp"

#include <algorithm>
#include <string_view>

namespace linnet::user {

// An optional + and 3 to 20 digits (E.164 allows 15; test numbers are often short).
inline bool is_phone_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return text.size() >= 3 && text.size() <= 20 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

inline Error no_phone_number() {
  return Error(ErrCode::kBadRequest, "phone_number: 3 to 20 digits, perhaps with a + before");
}

}  // namespace linnet::user
