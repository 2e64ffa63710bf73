// Numbers of the store that no operator needs; the tests turn them.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace linnet::store {

struct Tuning {
  std::string vfs;  // SQLite's; empty: the system's
  std::chrono::milliseconds idle_before_merge{20};
  std::chrono::milliseconds ack_delay{400};
  std::size_t tail_limit = 2'000'000;             // entries; beyond, merging goes before sending
  std::size_t waiting_bytes = 256 * 1024 * 1024;  // of messages in the writer's queue
  std::chrono::milliseconds checkpoint_every{200};
  int checkpoint_frames = 1000;  // fewer wait for a quieter moment
  int wal_limit_frames = 16384;  // 64 MB: more are checkpointed while the writer waits
};

}  // namespace linnet::store
