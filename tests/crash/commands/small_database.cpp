#include "small_database.hpp"

#include "../await.hpp"
#include "crash/old_index.hpp"
#include "migrate.hpp"
#include "packing.hpp"
#include "sqlite_store.hpp"

#include "linnet/base/clock.hpp"
#include "linnet/base/temp_dir.hpp"
#include "linnet/store/copies.hpp"

#include <stdexcept>

namespace linnet::test {
namespace {

constexpr std::int64_t kUser = 1;
constexpr std::size_t kLong = 6000;  // bytes: a message takes two pages

std::string text_of(const SmallDatabase& small, int number) {
  return small.name + "/" + std::to_string(number) + std::string(kLong, '.');
}

void must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().detail());
}

void add_messages(store::Connection& db, const SmallDatabase& small, int from, int to) {
  for (int i = from; i <= to; ++i) {
    const auto text = text_of(small, i);
    std::string recipients;
    store::pack(recipients, kUser);
    store::pack(recipients, i);
    must(store::Query(db,
                      "INSERT INTO message (id, request_id, sender_type, sender_id,"
                      " sender_device_id, receiver_type, receiver_id, type, status, send_time,"
                      " received, mentions, content, recipients)"
                      " VALUES (?1, 0, 2, 1, 0, 1, 1, 1, 0, 1, 1, x'', ?2, ?3)",
                      i, store::Blob{text}, store::Blob{recipients})
             .run());
    if (i <= small.messages / 2) must(insert_entry(db, small.schema, kUser, i, i));
  }
}

// What is damaged beside what the messages say.
std::string unsound(const std::filesystem::path& directory) {
  const auto checked = store::check(directory, [](std::int64_t, std::int64_t) {});
  if (!checked) return "check: " + checked.error().message();
  return checked->problems.empty() ? std::string() : "check: " + checked->problems.front();
}

std::string read_inbox(store::Store& store, const SmallDatabase& small) {
  int number = 0;
  for (;;) {
    auto page = await<store::InboxPage>([&](Done<store::InboxPage> done) {
      store.read_inbox(UserId(kUser), Seq(number), {}, std::move(done));
    });
    if (!page) return "cannot be read: " + page.error().detail();
    if (page->entries.empty()) break;
    for (const auto& entry : page->entries) {
      ++number;
      if (entry.seq != Seq(number) || entry.message.content != text_of(small, number))
        return "at " + std::to_string(number) + " is " + entry.message.content.substr(0, 20);
    }
  }
  if (number == small.messages) return {};
  return std::to_string(number) + " messages instead of " + std::to_string(small.messages);
}

}  // namespace

int newest_schema() {
  return store::migrations().back().number;
}

void make_small_database(const SmallDatabase& small, const std::filesystem::path& directory) {
  const TempDir temporary;
  const auto file = temporary.path() / "linnet.db";
  auto opened = store::Connection::open(file, store::Connection::Mode::kWrite);
  if (!opened) throw std::runtime_error(opened.error().detail());
  auto& db = **opened;
  must(db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=0"));
  for (const auto& migration : store::migrations())
    if (migration.number <= small.schema) must(db.exec(migration.sql));
  must(db.exec(("PRAGMA user_version=" + std::to_string(small.schema)).c_str()));
  must(store::Query(db, "INSERT INTO meta VALUES ('epoch', ?1)", std::string_view(small.name))
           .run());
  must(store::Query(db, "INSERT INTO meta VALUES ('merged_upto', ?1)", small.messages / 2).run());
  add_messages(db, small, 1, small.messages / 2);
  must(db.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
  add_messages(db, small, small.messages / 2 + 1, small.messages);
  if (!small.logged) must(db.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
  std::filesystem::create_directories(directory);
  for (const char* name : {"linnet.db", "linnet.db-wal"})
    std::filesystem::copy_file(temporary.path() / name, directory / name);
}

std::string differs(const SmallDatabase& small, const std::filesystem::path& directory) {
  {
    SystemClock clock;
    store::SqliteOptions options;
    options.directory = directory;
    options.readers = 1;
    auto opened = store::SqliteStore::open(options, {}, clock, silent());
    if (!opened) return "refused: " + opened.error().message();
    auto wrong = read_inbox(**opened, small);
    if (!wrong.empty()) return wrong;
  }
  return unsound(directory);
}

}  // namespace linnet::test
