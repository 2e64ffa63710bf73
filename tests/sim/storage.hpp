// What a run keeps its messages in: one in memory, that refuses when it is told to, or SQLite, that
// is closed and opened again.
#pragma once

#include "mutant_store.hpp"
#include "script.hpp"
#include "support/memory_store.hpp"
#include "trial.hpp"

#include "linnet/base/temp_dir.hpp"
#include "linnet/store/store.hpp"

#include <memory>
#include <optional>

namespace linnet::sim {

class Storage {
 public:
  Storage(const TrialOptions& options, const Clock& clock, Script& script);

  store::Store& store();
  // Everything that calls it is gone. SQLite is opened on what is there, with other settings.
  void reopen();
  void close() { store_->close(); }
  bool may_refuse() const { return memory_ != nullptr; }
  void refuse(std::optional<ErrCode> code) { memory_->refuse(code); }

 private:
  void open_sqlite();
  void put_back();
  void change(const char* sql);

  const Mutant mutant_;
  const Clock& clock_;
  Script& script_;
  std::optional<TempDir> dir_;
  std::unique_ptr<store::Store> store_;
  test::MemoryStore* memory_ = nullptr;
  std::optional<MutantStore> wrong_;  // in front of it
};

}  // namespace linnet::sim
