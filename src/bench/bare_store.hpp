// linnet-store-floor, where it has been built: what SQLite itself does with the same rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace linnet::bench {

struct BareStore {
  double messages_per_s = 0;
  double p50_ms = 0;  // of a transaction, or of a reading
  double p99_ms = 0;
  double cpu_us_per_message = 0;
};

// One-to-one messages of so many bytes on the disk of `directory`, `batch` in a transaction, for so
// long. Nothing: the program is not there, or failed.
std::optional<BareStore> write_barely(const std::filesystem::path& directory, std::size_t batch,
                                      double seconds, std::size_t payload);
// The first `count` messages of an inbox, read again and again.
std::optional<BareStore> read_barely(const std::filesystem::path& database, std::int64_t inbox,
                                     std::size_t count);

}  // namespace linnet::bench
