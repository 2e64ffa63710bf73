// What a server that stops says last on every connection: a sentence for people that ends with a
// pause, another one for each, so that its clients do not come back all at once.
//
//   the server is stopping; connect again in 3217 ms
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace linnet::wire {

// No client needs to wait longer.
inline constexpr std::chrono::milliseconds kLongestPause{60000};

std::string goodbye(std::chrono::milliseconds pause);
// The pause at the end of such a sentence, kLongestPause at most; nothing when there is none.
std::optional<std::chrono::milliseconds> pause_in(std::string_view sentence);

}  // namespace linnet::wire
