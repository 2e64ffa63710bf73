#include "linnet/wire/goodbye.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace linnet::wire {
namespace {

constexpr std::string_view kBeforePause = " in ";
constexpr std::string_view kAfterPause = " ms";

}  // namespace

std::string goodbye(std::chrono::milliseconds pause) {
  std::string sentence = "the server is stopping; connect again";
  sentence += kBeforePause;
  sentence += std::to_string(pause.count());
  sentence += kAfterPause;
  return sentence;
}

std::optional<std::chrono::milliseconds> pause_in(std::string_view sentence) {
  if (!sentence.ends_with(kAfterPause)) return std::nullopt;
  sentence.remove_suffix(kAfterPause.size());
  const auto before = sentence.rfind(kBeforePause);
  if (before == std::string_view::npos) return std::nullopt;
  const auto digits = sentence.substr(before + kBeforePause.size());
  std::int64_t pause = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), pause);
  if (failed != std::errc() || end != digits.data() + digits.size() || pause < 0)
    return std::nullopt;
  return std::min(std::chrono::milliseconds(pause), kLongestPause);
}

}  // namespace linnet::wire
