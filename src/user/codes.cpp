#include "codes.hpp"

#include "address.hpp"

#include "linnet/base/random.hpp"

#include <algorithm>
#include <functional>

namespace linnet::user {
namespace {

constexpr std::chrono::minutes kWindow{1};
constexpr std::chrono::hours kDay{24};
constexpr std::size_t kRememberedNumbers = 100000;

std::string six_digits() {
  auto digits = std::to_string(random_below(1000000));
  return std::string(6 - digits.size(), '0') + digits;
}

}  // namespace

CodeBook::CodeBook(const Clock& clock, CodeOptions options)
    : clock_(clock),
      options_(std::move(options)),
      development_code_(options_.development ? six_digits() : std::string()) {}

const CodeBook::Asker* CodeBook::Sent::find(const std::string& address) const {
  const auto hash = std::hash<std::string>()(address);
  const auto it = std::find_if(askers.begin(), askers.end(),
                               [&](const Asker& asker) { return asker.address == hash; });
  return it == askers.end() ? nullptr : &*it;
}

CodeBook::Asker& CodeBook::Sent::note(const std::string& address) {
  const auto hash = std::hash<std::string>()(address);
  for (auto& asker : askers)
    if (asker.address == hash) return asker;
  return askers.emplace_back(Asker{hash});
}

// Whether that address is somebody's, of whom there may be too much.
bool CodeBook::counts(const std::string& address) const {
  return options_.limit_sending && !is_anybodys(address);
}

Result<std::string> CodeBook::make(const std::string& phone_number, const std::string& address) {
  auto now = clock_.steady();
  std::lock_guard lock(mutex_);
  auto it = sent_.find(phone_number);
  if (it == sent_.end()) {
    if (sent_.size() >= kRememberedNumbers) make_room(now);
    if (sent_.size() >= kRememberedNumbers) return Error(ErrCode::kServerBusy);
    it = sent_.try_emplace(phone_number).first;
    it->second.at = now - kBetween;
    it->second.day.since = now;
  }
  auto& sent = it->second;
  if (now - sent.day.since >= kDay) {
    sent.day = Window{now, 0};
    sent.askers.clear();
  }
  if (options_.limit_sending && now - sent.at < kBetween)
    return Error(ErrCode::kRateLimited, "a code was sent just now; wait a minute");
  if (options_.limit_sending && sent.day.count >= kADay)
    return Error(ErrCode::kRateLimited, "too many codes for this number; wait a day");
  const auto* asker = counts(address) ? sent.find(address) : nullptr;
  if (asker != nullptr && asker->codes >= kADayFromOne)
    return Error(ErrCode::kRateLimited,
                 "too many codes for this number from your address; wait a day");
  if (counts(address)) ++sent.note(address).codes;
  sent.code = six_digits();
  sent.at = now;
  sent.tries = 0;
  ++sent.day.count;
  return sent.code;
}

void CodeBook::withdraw(const std::string& phone_number, std::string_view code,
                        const std::string& address) {
  std::lock_guard lock(mutex_);
  auto it = sent_.find(phone_number);
  if (it == sent_.end() || it->second.code != code) return;
  it->second.code.clear();
  it->second.at -= kBetween;
  --it->second.day.count;
  if (counts(address)) --it->second.note(address).codes;
}

// Forgets who asked for nothing in a day, and if need be how many codes others had in it.
void CodeBook::make_room(Time now) {
  std::erase_if(sent_, [&](const auto& entry) { return now - entry.second.at >= kDay; });
  if (sent_.size() >= kRememberedNumbers)
    std::erase_if(sent_, [&](const auto& entry) { return now - entry.second.at >= kLife; });
}

Status CodeBook::verify(const std::string& phone_number, std::string_view code,
                        const std::string& address) {
  auto now = clock_.steady();
  std::lock_guard lock(mutex_);
  if (now - all_failures_.since >= kWindow) all_failures_ = Window{now, 0};
  // Also a right one: otherwise guessing could go on.
  if (options_.all_failures_per_minute > 0 &&
      all_failures_.count >= options_.all_failures_per_minute)
    return Error(ErrCode::kRateLimited, "too many wrong codes on this server; wait a minute");
  return options_.development ? verify_development(phone_number, code, now)
                              : verify_sent(phone_number, code, address, now);
}

Error CodeBook::refuse(Time now) {
  if (all_failures_.count == 0) all_failures_.since = now;
  ++all_failures_.count;
  return Error(ErrCode::kBadCode);
}

Status CodeBook::verify_development(const std::string& phone_number, std::string_view code,
                                    Time now) {
  auto it = failures_.find(phone_number);
  if (it != failures_.end() && now - it->second.since >= kWindow) {
    failures_.erase(it);
    it = failures_.end();
  }
  if (options_.failures_per_minute > 0 && it != failures_.end() &&
      it->second.count >= options_.failures_per_minute)
    return Error(ErrCode::kRateLimited, "too many wrong codes for this number; wait a minute");

  bool right = equal_in_constant_time(code, development_code_);
  if (!options_.fixed_code.empty())
    right = equal_in_constant_time(code, options_.fixed_code) || right;
  if (right) return success();

  if (failures_.size() >= kRememberedNumbers)
    std::erase_if(failures_,
                  [&](const auto& entry) { return now - entry.second.since >= kWindow; });
  auto& failures = failures_.try_emplace(phone_number, Window{now, 0}).first->second;
  ++failures.count;
  return refuse(now);
}

// A number without a code is answered like one with another: that a code was sent is not told. It
// is no try either, so that nobody reaches the limit of all by guessing where there is nothing.
Status CodeBook::verify_sent(const std::string& phone_number, std::string_view code,
                             const std::string& address, Time now) {
  auto it = sent_.find(phone_number);
  if (it == sent_.end()) return Error(ErrCode::kBadCode);
  auto& sent = it->second;
  if (sent.code.empty() || now - sent.at >= kLife) return Error(ErrCode::kBadCode);
  const auto* asker = counts(address) ? sent.find(address) : nullptr;
  if (asker != nullptr && asker->wrong >= kWrongADayFromOne) return Error(ErrCode::kBadCode);
  if (equal_in_constant_time(code, sent.code)) {
    sent.code.clear();
    return success();
  }
  if (counts(address)) ++sent.note(address).wrong;
  if (++sent.tries >= kTries) sent.code.clear();
  return refuse(now);
}

}  // namespace linnet::user
