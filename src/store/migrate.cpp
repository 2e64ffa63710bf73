#include "migrate.hpp"

#include "linnet/base/random.hpp"

namespace linnet::store {
namespace {

Result<std::int64_t> version_of(Connection& db) {
  Query query(db, "PRAGMA user_version");
  if (!query.next()) return query.error();
  return query.number(0);
}

Status make_epoch(Connection& db) {
  return Query(db, "INSERT OR IGNORE INTO meta (key, value) VALUES ('epoch', ?1)", random_token(12))
      .run();
}

Status apply(Connection& db, const Migration& migration) {
  Transaction transaction(db, Transaction::Kind::kWrite);
  if (!transaction.begun()) return transaction.begun();
  auto applied = db.exec(migration.sql);
  if (!applied) return applied;
  auto named = make_epoch(db);
  if (!named) return named;
  auto noted = db.exec(("PRAGMA user_version=" + std::to_string(migration.number)).c_str());
  if (!noted) return noted;
  return transaction.commit();
}

}  // namespace

Status migrate(Connection& db) {
  auto version = version_of(db);
  if (!version) return version.take_error();
  const auto known = migrations().back().number;
  if (*version > known)
    return Error(ErrCode::kStorage, "the database has schema " + std::to_string(*version) +
                                        ", and this program knows schemas up to " +
                                        std::to_string(known) +
                                        ": run the newer program, or restore an older backup");
  if (*version == known) return success();
  for (const auto& migration : migrations()) {
    if (migration.number <= *version) continue;
    auto applied = apply(db, migration);
    if (!applied) return applied;
  }
  return success();
}

}  // namespace linnet::store
