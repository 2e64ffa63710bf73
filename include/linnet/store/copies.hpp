// Copies of a data directory, made whether a server runs on it or not; and whether one is sound.
// Blocking; one thread. Errors: kStorage, with a sentence for the operator.
#pragma once

#include "linnet/base/error.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace linnet::store {

// Is told now and then how much of all is done.
using Progress = std::function<void(std::int64_t done, std::int64_t all)>;

struct Copied {
  std::int64_t messages = 0;
  std::int64_t bytes = 0;
  std::int64_t schema = 0;
  std::filesystem::path aside;  // where restore() put what was there; empty: nothing was
};

// Copies the database of `directory` as it is at one moment into `target`, which is made if missing
// and must hold no database yet. Whoever writes meanwhile goes on.
Result<Copied> back_up(const std::filesystem::path& directory, const std::filesystem::path& target,
                       const Progress& progress);

// Puts the database of `source` in place of that of `directory`, on which no server may run, and
// gives it a new epoch. A database that is there is moved aside if `replace`, and refused else; it
// may be the source itself, of which acknowledged messages are missing. A source of a newer schema
// than this program knows is refused; an older one is migrated by the next start.
Result<Copied> restore(const std::filesystem::path& source, const std::filesystem::path& directory,
                       bool replace, const Progress& progress);

struct Checked {
  std::int64_t messages = 0;
  std::int64_t entries = 0;  // of inboxes
  std::int64_t schema = 0;
  std::vector<std::string> problems;  // empty: sound
};

// Looks at the whole database: SQLite's own check, and that log and inboxes agree.
Result<Checked> check(const std::filesystem::path& directory, const Progress& progress);

}  // namespace linnet::store
