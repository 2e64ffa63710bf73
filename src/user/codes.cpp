#include "codes.hpp"

#include "linnet/base/random.hpp"

namespace linnet::user {
namespace {

constexpr std::chrono::minutes kWindow{1};
constexpr std::size_t kRememberedNumbers = 100000;

std::string six_digits() {
  auto digits = std::to_string(random_below(1000000));
  return std::string(6 - digits.size(), '0') + digits;
}

}  // namespace

CodeBook::CodeBook(const Clock& clock, std::string fixed_code, int failures_per_minute)
    : clock_(clock),
      development_code_(six_digits()),
      fixed_code_(std::move(fixed_code)),
      failures_per_minute_(failures_per_minute) {}

Status CodeBook::verify(const std::string& phone_number, std::string_view code) {
  auto now = clock_.steady();
  std::lock_guard lock(mutex_);
  auto it = failures_.find(phone_number);
  if (it != failures_.end() && now - it->second.since >= kWindow) {
    failures_.erase(it);
    it = failures_.end();
  }
  if (failures_per_minute_ > 0 && it != failures_.end() && it->second.count >= failures_per_minute_)
    return Error(ErrCode::kRateLimited, "too many wrong codes for this number; wait a minute");

  bool right = equal_in_constant_time(code, development_code_);
  if (!fixed_code_.empty()) right = equal_in_constant_time(code, fixed_code_) || right;
  if (right) return success();

  if (failures_.size() >= kRememberedNumbers)
    std::erase_if(failures_,
                  [&](const auto& entry) { return now - entry.second.since >= kWindow; });
  auto& failures = failures_.try_emplace(phone_number, Failures{now, 0}).first->second;
  ++failures.count;
  return Error(ErrCode::kBadCode);
}

}  // namespace linnet::user
