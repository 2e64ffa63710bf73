#include "packing.hpp"

namespace linnet::store {

void pack(std::string& out, std::int64_t number) {
  auto rest = static_cast<std::uint64_t>(number);
  while (rest >= 0x80U) {
    out.push_back(static_cast<char>(rest | 0x80U));
    rest >>= 7U;
  }
  out.push_back(static_cast<char>(rest));
}

std::optional<std::int64_t> unpack(std::string_view& in) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < in.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(in[i]);
    number |= static_cast<std::uint64_t>(byte & 0x7fU) << (7U * i);
    if (byte < 0x80U) {
      in.remove_prefix(i + 1);
      return static_cast<std::int64_t>(number);
    }
  }
  return std::nullopt;
}

std::string pack_users(const std::vector<UserId>& users) {
  std::string blob;
  for (auto user : users)
    pack(blob, user.value());
  return blob;
}

std::optional<std::vector<UserId>> unpack_users(std::string_view blob) {
  std::vector<UserId> users;
  while (!blob.empty()) {
    auto user = unpack(blob);
    if (!user) return std::nullopt;
    users.emplace_back(*user);
  }
  return users;
}

std::optional<std::vector<Placed>> unpack_recipients(std::string_view blob) {
  std::vector<Placed> placed;
  while (!blob.empty()) {
    auto user = unpack(blob);
    auto seq = unpack(blob);
    if (!user || !seq) return std::nullopt;
    placed.push_back({UserId(*user), Seq(*seq)});
  }
  return placed;
}

Seq seq_among(std::string_view recipients, UserId user) {
  while (!recipients.empty()) {
    const auto one = unpack(recipients);
    const auto seq = unpack(recipients);
    if (!one || !seq) return Seq();
    if (UserId(*one) == user) return Seq(*seq);
  }
  return Seq();
}

}  // namespace linnet::store
