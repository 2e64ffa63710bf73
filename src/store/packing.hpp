// Lists of numbers as blobs.
//
//   mentions:    varint(user) varint(user) …
//   recipients:  varint(user) varint(seq) varint(user) varint(seq) …
//
// A varint is LEB128 as in protobuf: seven bits a byte, lowest first, the high bit while more come.
#pragma once

#include "linnet/store/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::store {

void pack(std::string& out, std::int64_t number);
// Takes one number off the front of `in`; nothing when there is none, or it is cut or too long.
std::optional<std::int64_t> unpack(std::string_view& in);

std::string pack_users(const std::vector<UserId>& users);
// Nothing when the blob is damaged; likewise below.
std::optional<std::vector<UserId>> unpack_users(std::string_view blob);
std::optional<std::vector<Placed>> unpack_recipients(std::string_view blob);
// The seq that `user` has among the recipients; 0: it is none of them, or the blob is damaged.
Seq seq_among(std::string_view recipients, UserId user);

}  // namespace linnet::store
