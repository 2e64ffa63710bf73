// What no text may change, whatever it would mean elsewhere: the database's schema, the lines of
// the log, and files outside of the data directory.
#pragma once

#include "support/hostile_text.hpp"
#include "support/server_process.hpp"

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace linnet::test {

// Every table and index, as SQLite has it; also while a server runs.
inline std::string schema_of(const std::filesystem::path& data) {
  sqlite3* db = nullptr;
  sqlite3_stmt* row = nullptr;
  REQUIRE(sqlite3_open_v2((data / "linnet.db").c_str(), &db, SQLITE_OPEN_READONLY, nullptr) ==
          SQLITE_OK);
  sqlite3_busy_timeout(db, 10'000);
  REQUIRE(sqlite3_prepare_v2(db,
                             "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || "
                             "coalesce(sql, '') FROM sqlite_master ORDER BY type, name",
                             -1, &row, nullptr) == SQLITE_OK);
  std::string all;
  int state = sqlite3_step(row);
  for (; state == SQLITE_ROW; state = sqlite3_step(row))
    all += std::string(reinterpret_cast<const char*>(sqlite3_column_text(row, 0))) + "\n";
  CHECK(state == SQLITE_DONE);
  sqlite3_finalize(row);
  sqlite3_close(db);
  return all;
}

// The files that `server` has open or that a text would have made, outside of its data; and in
// there what is not the database's.
inline std::vector<std::string> strange_files(const ServerProcess& server,
                                              const std::filesystem::path& data) {
  namespace fs = std::filesystem;
  std::vector<std::string> strange;
  // Those that whoever runs the tests gave to all.
  std::set<std::string> inherited;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    inherited.insert(fs::read_symlink(entry.path(), gone).string());
  }
  const auto process = fs::path("/proc") / std::to_string(server.pid());
  for (const auto& entry : fs::directory_iterator(process / "fd")) {
    std::error_code gone;
    const auto file = fs::read_symlink(entry.path(), gone).string();
    const bool own = inherited.count(file) == 1 || file.starts_with(data.string() + "/") ||
                     file == data.string() + ".log";
    if (file.starts_with("/") && !file.starts_with("/dev/") && !own) strange.push_back(file);
  }
  for (const auto& entry : fs::directory_iterator(data)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("linnet.") && name != "lock") strange.push_back(entry.path());
  }
  for (const auto& where : {fs::path("/tmp"), fs::path("/"), data, data.parent_path(),
                            data.parent_path().parent_path(), fs::read_symlink(process / "cwd")})
    for (const auto& entry : fs::directory_iterator(where)) {
      const auto name = entry.path().filename().string();
      if (name.find(kInjectedFile) != std::string::npos) strange.push_back(entry.path());
    }
  return strange;
}

}  // namespace linnet::test
