#include "storage.hpp"

#include "connection.hpp"
#include "sqlite_store.hpp"

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace linnet::sim {

Storage::Storage(const TrialOptions& options, const Clock& clock, Script& script)
    : mutant_(options.mutant), clock_(clock), script_(script) {
  if (options.engine == Engine::kSqlite) {
    open_sqlite();
    return;
  }
  auto memory = std::make_unique<test::MemoryStore>(&clock);
  memory_ = memory.get();
  store_ = std::move(memory);
}

store::Store& Storage::store() {
  if (mutant_ == Mutant::kNone) return *store_;
  return wrong_.emplace(*store_, mutant_);
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

// What was there when this was called last.
void Storage::put_back() {
  namespace fs = std::filesystem;
  const auto data = dir_->path() / "data";
  const auto before = dir_->path() / "before";
  const auto now = dir_->path() / "now";
  fs::copy(data, now, fs::copy_options::recursive);
  if (fs::exists(before)) {
    fs::remove_all(data);
    fs::rename(before, data);
  }
  fs::rename(now, before);
}

void Storage::change(const char* sql) {
  auto db =
      store::Connection::open(dir_->path() / "data" / "linnet.db", store::Connection::Mode::kWrite);
  if (!db) throw std::runtime_error(db.error().message());
  const auto changed = (*db)->exec(sql);
  if (!changed) throw std::runtime_error(changed.error().message());
}

void Storage::reopen() {
  if (memory_ != nullptr) return;
  store_->close();
  store_.reset();
  if (mutant_ == Mutant::kOldDatabase) put_back();
  if (const auto* sql = sql_of(mutant_)) change(sql);
  open_sqlite();
}

}  // namespace linnet::sim
