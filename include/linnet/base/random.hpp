// Randomness for secrets, and for jitter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace linnet {

// Must run once before any other function here; false when the system gives no randomness. Thread:
// any.
bool init_random();
// `bytes` of the system's CSPRNG (libsodium) as base64url without padding. Thread: any.
std::string random_token(std::size_t bytes);
// Evenly from [0, bound), bound > 0, CSPRNG. Thread: any.
std::uint32_t random_below(std::uint32_t bound);
// SHA-256 of `text`, 32 raw bytes. Thread: any.
std::string sha256(std::string_view text);
// Takes the same time wherever two strings of equal length differ. Thread: any.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace linnet
