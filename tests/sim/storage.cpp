#include "storage.hpp"

#include "sqlite_store.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

namespace linnet::sim {

Storage::Storage(Engine engine, const Clock& clock, Script& script)
    : clock_(clock), script_(script) {
  if (engine == Engine::kSqlite) {
    open_sqlite();
    return;
  }
  auto memory = std::make_unique<test::MemoryStore>(&clock);
  memory_ = memory.get();
  store_ = std::move(memory);
}

void Storage::open_sqlite() {
  if (!dir_) dir_.emplace();
  store::SqliteOptions options;
  options.directory = dir_->path() / "data";
  options.readers = 1;
  options.synchronous = store::Synchronous::kNormal;
  if (script_.below(2) == 0) options.merge_after = 1;
  store::Tuning tuning;
  tuning.idle_before_merge = std::chrono::milliseconds(script_.below(2) == 0 ? 0 : 3'600'000);
  static Logger silent(LogLevel::kOff);
  auto opened = store::SqliteStore::open(options, tuning, clock_, silent);
  if (!opened) throw std::runtime_error("no store: " + opened.error().message());
  store_ = std::move(*opened);
}

void Storage::reopen() {
  if (memory_ != nullptr) return;
  store_->close();
  store_.reset();
  open_sqlite();
}

}  // namespace linnet::sim
