#include "keys.hpp"

#include "data_directory.hpp"
#include "high_water_mark.hpp"
#include "migrate.hpp"

#include <utility>

namespace linnet::store {
namespace {

ApiKey key_of(const Query& row) {
  ApiKey key;
  key.id = row.id<KeyId>(0);
  key.name = row.text(1);
  key.hash = row.text(2);
  key.scopes = static_cast<std::uint32_t>(row.number(3));
  key.created = row.id<Millis>(4);
  key.revoked = row.id<Millis>(5);
  return key;
}

class SqliteKeyBook final : public KeyBook {
 public:
  SqliteKeyBook(std::optional<DataDirectory> directory, std::unique_ptr<Connection> db)
      : directory_(std::move(directory)), db_(std::move(db)) {}

  Result<KeyId> add(const ApiKey& key) override {
    Query row(*db_,
              "INSERT INTO api_key (name, hash, scopes, created, revoked)"
              " VALUES (?1, ?2, ?3, ?4, 0) RETURNING id",
              key.name, Blob{key.hash}, std::int64_t{key.scopes}, key.created);
    KeyId id;
    while (row.next())
      id = row.id<KeyId>(0);
    if (row.failed()) return row.error();
    return id;
  }

  Result<std::vector<ApiKey>> list() override {
    std::vector<ApiKey> keys;
    Query row(*db_, "SELECT id, name, hash, scopes, created, revoked FROM api_key ORDER BY id");
    while (row.next())
      keys.push_back(key_of(row));
    if (row.failed()) return row.error();
    return keys;
  }

  Status revoke(KeyId key, Millis now) override {
    auto revoked =
        Query(*db_, "UPDATE api_key SET revoked = ?2 WHERE id = ?1 AND revoked = 0", key, now)
            .run();
    if (!revoked) return revoked;
    if (db_->changes() > 0) return success();
    return Error(ErrCode::kBadRequest,
                 "there is no key " + std::to_string(key.value()) + " in force");
  }

 private:
  std::optional<DataDirectory> directory_;  // nothing: a server runs on it
  std::unique_ptr<Connection> db_;
};

Error unusable(const std::filesystem::path& directory, const Error& error) {
  if (!error.message().empty()) return error;
  return Error(error.code(),
               "cannot open the database in " + directory.string() + ": " + error.detail());
}

}  // namespace

Result<std::optional<ApiKey>> find_key(Connection& db, const std::string& hash) {
  Query row(db,
            "SELECT id, name, hash, scopes, created, revoked FROM api_key"
            " WHERE hash = ?1 AND revoked = 0",
            Blob{hash});
  std::optional<ApiKey> found;
  if (row.next()) found = key_of(row);
  if (row.failed()) return row.error();
  return found;
}

Result<std::unique_ptr<KeyBook>> open_key_book(const std::filesystem::path& directory) {
  std::optional<DataDirectory> own;
  auto opened = DataDirectory::open(directory);
  if (opened) own = std::move(*opened);
  // Held by a running server: then the database is there, and SQLite lets two processes write in
  // turn.
  const auto file = directory / "linnet.db";
  std::error_code failed;
  if (!own && !std::filesystem::exists(file, failed)) return opened.take_error();
  auto there = check_database_there(directory);
  if (!there) return there.take_error();
  auto db = Connection::open(file, Connection::Mode::kWrite);
  if (!db) return unusable(directory, db.error());
  auto whole = check_mark(**db, directory);
  if (!whole) return unusable(directory, whole.error());
  for (const char* sql : {"PRAGMA journal_mode=WAL", "PRAGMA wal_autocheckpoint=0"}) {
    auto set = (*db)->exec(sql);
    if (!set) return unusable(directory, set.error());
  }
  auto durable = (*db)->set_durable(true);
  if (!durable) return unusable(directory, durable.error());
  if (own) {
    auto migrated = migrate(**db);
    if (!migrated) return unusable(directory, migrated.error());
  }
  return std::unique_ptr<KeyBook>(std::make_unique<SqliteKeyBook>(std::move(own), std::move(*db)));
}

}  // namespace linnet::store
