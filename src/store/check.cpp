// Whether a database is sound: what SQLite can tell, and whether the log and the inboxes agree.
#include "connection.hpp"
#include "high_water_mark.hpp"
#include "inbox_index.hpp"
#include "migrate.hpp"
#include "packing.hpp"

#include "linnet/store/copies.hpp"

#include <unordered_map>
#include <utility>
#include <vector>

namespace linnet::store {
namespace {

constexpr std::size_t kProblemsTold = 20;
constexpr std::int64_t kMessagesPerStep = 1000;

class Check {
 public:
  Check(Connection& db, const Progress& progress) : db_(db), progress_(progress) {}

  Result<Checked> run() {
    // As it is at one moment, while a server may write.
    Transaction snapshot(db_, Transaction::Kind::kRead);
    if (!snapshot.begun()) return snapshot.begun().error();
    checked_.schema = number("PRAGMA user_version");
    integrity();
    const auto known = migrations().back().number;
    if (checked_.schema > known)
      problem("it has schema " + std::to_string(checked_.schema) +
              ", and this program knows up to " + std::to_string(known));
    // An older one is looked at when it has been migrated.
    if (checked_.schema == known && checked_.problems.empty()) {
      inboxes();
      log();
    }
    if (failed_) return *failed_;
    return std::move(checked_);
  }

 private:
  void problem(std::string sentence) {
    if (checked_.problems.size() < kProblemsTold) checked_.problems.push_back(std::move(sentence));
  }
  void fail(const Query& query) {
    if (query.failed() && !failed_) failed_ = query.error();
  }
  std::int64_t number(std::string_view sql) {
    Query row(db_, sql);
    const auto value = row.next() ? row.number(0) : 0;
    fail(row);
    return value;
  }

  void integrity() {
    Query row(db_, "PRAGMA integrity_check");
    while (row.next())
      if (row.bytes(0) != "ok") problem(row.text(0));
    // What SQLite cannot even read is damaged too.
    if (row.failed()) problem(row.error().detail());
  }

  // Each is 1, 2, 3 …; the tail that the log still keeps for itself comes in log().
  void inboxes() {
    Query row(db_, "SELECT inbox_id, seq, entries FROM inbox ORDER BY inbox_id, seq");
    bool told = false;
    for (std::int64_t inbox = 0; row.next();) {
      if (row.number(0) != inbox) told = false;
      inbox = row.number(0);
      auto& head = heads_[inbox];
      if (row.number(1) != head + 1 && !std::exchange(told, true))
        problem("the inbox " + row.text(0) + " has a gap");
      head = row.number(1) + row.number(2) - 1;
      indexed_ += row.number(2);
    }
    fail(row);
    checked_.entries = indexed_;
  }

  void log() {
    checked_.messages = number("SELECT count(*) FROM message");
    if (checked_.messages != number("SELECT max(id) - min(id) + 1 FROM message"))
      if (checked_.messages != 0) problem("the log has a gap");
    const auto merged = number("SELECT value FROM meta WHERE key = 'merged_upto'");
    Query row(db_, "SELECT id, recipients, receiver_id, group_seq FROM message ORDER BY id");
    for (std::int64_t done = 1; row.next(); ++done) {
      const auto id = row.number(0);
      auto placed = unpack_recipients(row.bytes(1));
      if (!placed) {
        problem("message " + std::to_string(id) + " has no readable recipients");
        continue;
      }
      for (const auto& place : *placed)
        entry(inbox_of(place.user), place.seq, id, id <= merged);
      const auto group_seq = row.id<Seq>(3);
      if (group_seq) entry(inbox_of(row.id<GroupId>(2)), group_seq, id, id <= merged);
      if (done % kMessagesPerStep == 0) progress_(done, checked_.messages);
    }
    fail(row);
    if (matched_ < indexed_)
      problem(std::to_string(indexed_ - matched_) + " inbox entries have no message");
  }

  // What is merged is in the index; what is not may be, or follows on its end.
  void entry(InboxId inbox, Seq seq, std::int64_t message, bool merged) {
    const auto name = "message " + std::to_string(message) + " in the inbox " +
                      std::to_string(inbox.value()) + " at " + std::to_string(seq.value());
    auto& head = heads_[inbox.value()];
    if (seq.value() <= head) {
      std::vector<Place> places;
      auto read = read_runs(db_, inbox, seq, seq.next(), 1, places);
      if (!read) problem(name + ": " + read.error().detail());
      if (places.empty()) return;
      ++matched_;
      if (places.front().message.value() != message) problem(name + ": another one stands there");
      return;
    }
    if (merged) problem(name + " is missing");
    if (seq.value() != head + 1) problem(name + " comes after a gap");
    head = seq.value();
    ++checked_.entries;
  }

  Connection& db_;
  const Progress& progress_;
  Checked checked_;
  std::optional<Error> failed_;
  std::unordered_map<std::int64_t, std::int64_t> heads_;  // by inbox
  std::int64_t indexed_ = 0;                              // entries in the index
  std::int64_t matched_ = 0;                              // of these, with a message in the log
};

}  // namespace

Result<Checked> check(const std::filesystem::path& directory, const Progress& progress) {
  const auto file = directory / "linnet.db";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    return Error(ErrCode::kStorage, "there is no database in " + directory.string());
  const auto unreadable = [&](const Error& error) {
    return Error(ErrCode::kStorage,
                 "cannot read the database in " + directory.string() + ": " +
                     (error.message().empty() ? error.detail() : error.message()));
  };
  auto db = Connection::open(file, Connection::Mode::kWrite);
  if (!db) return unreadable(db.error());
  auto set = (*db)->exec("PRAGMA wal_autocheckpoint=0");
  if (!set) return unreadable(set.error());
  // Before the look, as a server may write meanwhile. What cannot be read is told below.
  const auto fits = check_mark(**db, directory);
  auto checked = Check(**db, progress).run();
  if (!checked) return unreadable(checked.error());
  if (!fits && !fits.error().message().empty()) checked->problems.push_back(fits.error().message());
  return checked;
}

}  // namespace linnet::store
