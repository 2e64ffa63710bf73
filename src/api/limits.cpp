#include "linnet/api/limits.hpp"

#include <algorithm>
#include <functional>

namespace linnet::api {
namespace {

constexpr std::size_t kBuckets = 200000;  // about 12 MB; beyond it, full buckets are forgotten

}  // namespace

const Rate& Limiter::rate_of(RateClass rate) const {
  switch (rate) {
    case RateClass::kRead: return options_.read;
    case RateClass::kWrite: return options_.write;
    case RateClass::kServer: return options_.server;
    case RateClass::kCode: return options_.code;
    case RateClass::kSearch: return options_.search;
    case RateClass::kJoin: break;
  }
  return options_.join;
}

void Limiter::count(RateClass rate) {
  if (refusals_ == nullptr) return;
  switch (rate) {
    case RateClass::kRead: return refusals_->count(Refusal::kRead);
    case RateClass::kWrite: return refusals_->count(Refusal::kWrite);
    case RateClass::kJoin: return refusals_->count(Refusal::kJoin);
    case RateClass::kServer: return refusals_->count(Refusal::kServer);
    case RateClass::kCode: return refusals_->count(Refusal::kCode);
    case RateClass::kSearch: return refusals_->count(Refusal::kSearch);
  }
}

void Limiter::count(ErrCode answer) {
  if (refusals_ == nullptr) return;
  if (answer == ErrCode::kTooManyFriends) refusals_->count(Refusal::kFriends);
  if (answer == ErrCode::kTooManyGroups) refusals_->count(Refusal::kGroups);
}

Limiter::Bucket& Limiter::bucket_of(RateClass rate, std::int64_t who, std::string_view address) {
  const Rate& limit = rate_of(rate);
  const bool by_address = rate == RateClass::kJoin || rate == RateClass::kCode;
  auto caller =
      by_address ? std::hash<std::string_view>{}(address) : mix(static_cast<std::uint64_t>(who));
  auto key = mix(caller + static_cast<std::uint64_t>(rate) + 1);
  auto now = clock_.steady();

  if (buckets_.size() >= kBuckets) forget_full(now);
  auto [it, added] = buckets_.try_emplace(key, Bucket{limit.burst, now});
  Bucket& bucket = it->second;
  auto seconds = std::chrono::duration<double>(now - bucket.at).count();
  bucket.tokens = std::min(limit.burst, bucket.tokens + seconds * limit.per_second);
  bucket.at = now;
  return bucket;
}

bool Limiter::allow(RateClass rate, std::int64_t who, std::string_view address, double price,
                    double taken) {
  if (!options_.enabled) return true;
  std::lock_guard lock(mutex_);
  Bucket& bucket = bucket_of(rate, who, address);
  price = std::min(price, std::max(rate_of(rate).burst, 1.0) - taken);
  if (bucket.tokens < price) {
    count(rate);
    return false;
  }
  bucket.tokens -= price;
  return true;
}

void Limiter::charge(RateClass rate, std::int64_t who, std::string_view address, double price) {
  if (!options_.enabled) return;
  std::lock_guard lock(mutex_);
  Bucket& bucket = bucket_of(rate, who, address);
  bucket.tokens = std::max(bucket.tokens - price, -rate_of(rate).burst);
}

// A bucket untouched for so long that it is full again says nothing.
void Limiter::forget_full(std::chrono::milliseconds now) {
  constexpr std::chrono::minutes kLongEnough{5};
  std::erase_if(buckets_, [&](const auto& entry) { return now - entry.second.at > kLongEnough; });
  if (buckets_.size() >= kBuckets) buckets_.clear();
}

}  // namespace linnet::api
