// A map of limited size for values that can be read again from the store. When it is full it
// forgets half of what it holds, arbitrarily chosen: cheap, and good enough where a miss costs one
// read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace linnet {

// Thread: any. A value read before an invalidation must not be kept after it: take version() before
// the read and hand it to put(), which ignores what is older than the newest erase().
template <class Key, class Value, class Hash = std::hash<Key>>
class BoundedCache {
 public:
  explicit BoundedCache(std::size_t capacity) : capacity_(capacity) {}

  std::optional<Value> get(const Key& key) const {
    std::lock_guard lock(mutex_);
    auto it = map_.find(key);
    if (it == map_.end()) return std::nullopt;
    return it->second;
  }

  std::uint64_t version() const {
    std::lock_guard lock(mutex_);
    return version_;
  }

  void put(const Key& key, Value value, std::uint64_t version) {
    std::lock_guard lock(mutex_);
    if (version != version_) return;
    if (map_.size() >= capacity_) {
      for (auto it = map_.begin(); it != map_.end() && map_.size() > capacity_ / 2;)
        it = map_.erase(it);
    }
    map_.insert_or_assign(key, std::move(value));
  }

  void erase(const Key& key) {
    std::lock_guard lock(mutex_);
    ++version_;
    map_.erase(key);
  }

  // Those whose key is such.
  template <class Which>
  void erase_if(Which which) {
    std::lock_guard lock(mutex_);
    ++version_;
    std::erase_if(map_, [&](const auto& entry) { return which(entry.first); });
  }

 private:
  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::uint64_t version_ = 0;
  std::unordered_map<Key, Value, Hash> map_;
};

}  // namespace linnet
