// The body of the fuzz target of the database: a small sound one of any schema, some of whose bytes
// are changed, is opened, migrated, read, written to and checked.
#include "connection.hpp"
#include "fuzz/targets.hpp"
#include "migrate.hpp"
#include "sqlite_store.hpp"

#include "linnet/base/temp_dir.hpp"
#include "linnet/store/copies.hpp"

#include <algorithm>
#include <fstream>
#include <future>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace linnet::fuzz {
namespace {

constexpr std::int64_t kUsersThere = 3;

using fuzz::promise;
void promise(const Status& status) {
  if (!status) throw std::logic_error(status.error().message() + status.error().detail());
}

class StandingClock final : public Clock {
 public:
  Millis wall() const override { return Millis(1'700'000'000'000); }
  std::chrono::milliseconds steady() const override { return std::chrono::milliseconds(1000); }
};

struct Files {
  std::string database;
  std::string log;  // SQLite's write-ahead log; empty: none
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// Three users, friends, five messages of which two are in the index, one of them twice remembered.
constexpr const char* kFirstRows = R"(
INSERT INTO meta VALUES ('epoch', 'first'), ('merged_upto', 2);
INSERT INTO device VALUES (1,1,1,'b','m','s','v',5,6), (2,2,5,'b','m','s','v',5,6),
  (3,0,5,'b','m','s','v',5,7);
INSERT INTO user VALUES (1,'100','anna',1,'','',5,6), (2,'200','ben',0,'','',5,6),
  (3,'300','',0,'','',5,6);
INSERT INTO token VALUES (1,1,zeroblob(32),1800000000000);
INSERT INTO friend VALUES (1,2,2,'','','',5,6), (2,1,2,'','','',5,6), (3,1,1,'r','e','d',5,6);
INSERT INTO dedup_key VALUES (19675,1,11,1,1);
INSERT INTO device_ack VALUES (1,1,1), (2,2,2);
)";
constexpr const char* kMessages = R"(
INSERT INTO message (id, request_id, sender_type, sender_id, sender_device_id, receiver_type,
  receiver_id, type, status, send_time, received, mentions, content, recipients) VALUES
  (1,11,2,1,1,1,2,1,0,1699999999000,1699999999000,X'',X'6f6e65',X'01010201'),
  (2,12,2,2,2,1,1,1,0,1699999999001,1699999999001,X'0102',X'74776f',X'01020202'),
  (3,13,2,1,1,1,2,1,0,1699999999002,1699999999002,X'',X'7468726565',X'01030203'),
  (4,0,1,0,0,1,3,5,0,1699999999003,1699999999003,X'',X'0864',X'0301'),
  (5,15,2,2,2,1,1,1,0,1699999999004,1699999999004,X'',X'66697665',X'01040204');
INSERT INTO inbox VALUES (1,1,1), (1,2,2), (2,1,1), (2,2,2);
)";
constexpr const char* kGroupRows = R"(
INSERT INTO chat_group VALUES (1,1,'g','','','',2,1,1,0,2,5,6),
  (2,2,'large','','','',0,0,0,0,1,5,6);
INSERT INTO group_member VALUES (1,1,2,'','',0,5,0,0), (1,2,0,'','',0,5,0,0),
  (2,1,2,'','',0,5,0,0);
INSERT INTO join_request VALUES (2,3,'let me in',6);
INSERT INTO user_block VALUES (3,2,6);
INSERT INTO message (id, request_id, sender_type, sender_id, sender_device_id, receiver_type,
  receiver_id, type, status, send_time, received, mentions, content, recipients, group_seq) VALUES
  (6,16,2,1,1,2,1,1,0,1699999999005,1699999999005,X'',X'736978',X'01050205',1),
  (7,17,2,1,1,3,2,1,0,1699999999006,1699999999006,X'',X'736576656e',X'',1);
)";
constexpr const char* kRoomRows = R"(
INSERT INTO room VALUES (9,'r',0,0,0,5,6);
INSERT INTO room_user VALUES (9,1,2,0,0);
)";

// A database of `schema`, and with `in_log` most of it in the write-ahead log still.
Files make_files(int schema, bool in_log) {
  TempDir dir;
  const auto file = dir.path() / "linnet.db";
  auto db = store::Connection::open(file, store::Connection::Mode::kWrite);
  promise(db.ok(), "no database can be made");
  promise((*db)->exec("PRAGMA journal_mode=WAL"));
  promise((*db)->exec("PRAGMA wal_autocheckpoint=0"));
  for (const auto& migration : store::migrations()) {
    if (migration.number > schema) break;
    promise((*db)->exec(migration.sql));
    const auto number = "PRAGMA user_version=" + std::to_string(migration.number);
    promise((*db)->exec(number.c_str()));
    if (migration.number == 1) promise((*db)->exec(kFirstRows));
    if (migration.number == 1) promise((*db)->exec(kMessages));
    if (migration.number == 2) promise((*db)->exec(kGroupRows));
    if (migration.number == 6) promise((*db)->exec(kRoomRows));
    if (migration.number == 1) promise((*db)->exec("PRAGMA wal_checkpoint(TRUNCATE)"));
  }
  if (!in_log) promise((*db)->exec("PRAGMA wal_checkpoint(TRUNCATE)"));
  return {read_file(file), in_log ? read_file(dir.path() / "linnet.db-wal") : std::string()};
}

const std::vector<Files>& all_files() {
  static const auto all = [] {
    std::vector<Files> made;
    for (const auto& migration : store::migrations())
      made.push_back(make_files(migration.number, false));
    made.push_back(make_files(store::migrations().back().number, true));
    return made;
  }();
  return all;
}

unsigned next_byte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return byte;
}

// (where: 3 bytes)(count: 1 byte, 0: the file ends here)(bytes) …
void change(std::string& bytes, std::string_view script) {
  while (script.size() > 3 && !bytes.empty()) {
    std::size_t where = 0;
    for (int i = 0; i < 3; ++i)
      where = where << 8U | next_byte(script);
    where %= bytes.size();
    const auto count = std::size_t{next_byte(script)} % 17;
    if (count == 0) bytes.resize(where);
    const auto given =
        script.substr(0, std::min(count, bytes.size() - std::min(where, bytes.size())));
    std::copy(given.begin(), given.end(), bytes.begin() + static_cast<std::ptrdiff_t>(where));
    script.remove_prefix(given.size());
  }
}

// Calls start(done) and waits for the completion; what does not complete is a hang.
template <class T, class Start>
Result<T> await(Start start) {
  std::promise<Result<T>> told;
  auto answer = told.get_future();
  Done<T> done = [&told](Result<T> result) { told.set_value(std::move(result)); };
  start(std::move(done));
  return answer.get();
}

// Whatever it answers is good.
template <class T, class Start>
void call(const Start& start) {
  static_cast<void>(await<T>(start));
}

class Visit {
 public:
  explicit Visit(store::Store& store) : store_(store) {}

  // Whatever is read is in order and whole; whatever is not is an error.
  void read() {
    for (std::int64_t user = 1; user <= kUsersThere; ++user) {
      Seq after;
      for (;;) {
        auto page = await<store::InboxPage>([&](Done<store::InboxPage> done) {
          store_.read_inbox(UserId(user), after, {2, 1000}, std::move(done));
        });
        if (!page || page->entries.empty()) break;
        promise(page->entries.size() <= 2, "a page of more than was asked for");
        for (const auto& entry : page->entries) {
          promise(entry.seq == after.next(), "an inbox with a gap");
          after = entry.seq;
        }
        promise(page->head >= after, "a head below what was read");
        if (after > Seq(1000)) break;
      }
    }
  }

  void look() {
    const UserId anna(1);
    std::vector<UserId> both{anna, UserId(2)};
    call<Seq>([&](Done<Seq> done) { store_.acknowledged(anna, std::move(done)); });
    call<std::vector<store::Friend>>(
        [&](auto done) { store_.friends(anna, UserId(), 10, std::move(done)); });
    call<store::Friendship>([&](auto done) { store_.friendship(anna, both[1], std::move(done)); });
    call<store::GroupView>(
        [&](auto done) { store_.view_group(GroupId(1), both, std::move(done)); });
    call<std::vector<store::Member>>(
        [&](auto done) { store_.group_members(GroupId(1), UserId(), 10, std::move(done)); });
    call<std::vector<store::Membership>>(
        [&](auto done) { store_.user_groups(anna, GroupId(), 10, std::move(done)); });
    call<store::InboxPage>(
        [&](auto done) { store_.read_group(GroupId(1), anna, Seq(), {}, std::move(done)); });
    call<std::optional<store::TokenRecord>>(
        [&](auto done) { store_.get_token(DeviceId(1), std::move(done)); });
    call<std::vector<store::Device>>(
        [&](auto done) { store_.user_devices(anna, std::move(done)); });
    call<std::optional<store::User>>(
        [&](auto done) { store_.find_user("200", anna, std::move(done)); });
    call<store::RoomRights>([&](auto done) { store_.room_rights(RoomId(9), std::move(done)); });
    call<std::vector<store::RoomItem>>(
        [&](auto done) { store_.room_items(RoomId(9), 10, std::move(done)); });
    call<std::optional<store::ApiKey>>(
        [&](auto done) { store_.find_key(std::string(32, '\0'), std::move(done)); });
  }

  // What is acknowledged is there.
  void write() {
    store::NewMessage message;
    message.message.sender_type = 2;
    message.message.sender_id = 1;
    message.message.sender_device_id = DeviceId(1);
    message.message.request_id = RequestId(99);
    message.message.receiver_type = 1;
    message.message.receiver_id = 2;
    message.message.type = 1;
    message.message.content = "new";
    message.recipients = {UserId(1), UserId(2)};
    auto appended = await<store::Appended>(
        [&](Done<store::Appended> done) { store_.append(message, std::move(done)); });
    if (appended && !appended->duplicate) {
      promise(appended->placed.size() == 2, "an entry for another than the recipients");
      for (const auto& placed : appended->placed)
        see(placed, message.message);
    }
    store::Message to_group = message.message;
    to_group.request_id = RequestId(100);
    to_group.receiver_type = 2;
    to_group.receiver_id = 1;
    call<store::GroupAppended>(
        [&](auto done) { store_.append_to_group(GroupId(1), to_group, std::move(done)); });
    store_.acknowledge(UserId(2), DeviceId(2), Seq(2));
    call<Unit>([&](auto done) {
      store_.set_blocked(UserId(1), UserId(3), true, Millis(7), std::move(done));
    });
  }

 private:
  void see(const store::Placed& placed, const store::Message& message) {
    auto page = await<store::InboxPage>([&](Done<store::InboxPage> done) {
      store_.read_inbox(placed.user, Seq(placed.seq.value() - 1), {1, 1000}, std::move(done));
    });
    if (!page) return;
    promise(page->entries.size() == 1 && page->entries[0].seq == placed.seq &&
                page->entries[0].message == message,
            "an acknowledged message is not where it was said to be");
  }

  store::Store& store_;
};

// Whether it could be opened at all.
bool visit(const std::filesystem::path& directory) {
  static const StandingClock clock;
  static Logger silent(LogLevel::kOff);
  store::SqliteOptions options;
  options.directory = directory;
  options.readers = 1;
  options.merge_after = 1;
  store::Tuning tuning;
  tuning.idle_before_merge = std::chrono::milliseconds(0);
  auto opened = store::SqliteStore::open(options, tuning, clock, silent);
  if (!opened) {
    promise(opened.code() == ErrCode::kStorage, "an error with another code");
    promise(!opened.error().message().empty(), "an operator is told nothing");
    return false;
  }
  Visit visit(**opened);
  visit.read();
  visit.look();
  visit.write();
  visit.read();
  (*opened)->close();
  return true;
}

}  // namespace

void database(std::string_view input) {
  static const TempDir dir;
  const auto which = next_byte(input);
  const auto& all = all_files();
  auto files = all[(which >> 1U) % all.size()];
  const bool untouched = input.size() < 4;
  change((which & 1U) != 0 && !files.log.empty() ? files.log : files.database, input);

  const auto directory = dir.path() / "data";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directory(directory);
  write_file(directory / "linnet.db", files.database);
  if (!files.log.empty()) write_file(directory / "linnet.db-wal", files.log);
  const bool opened = visit(directory);
  promise(opened || !untouched, "a sound database is not opened");
  auto checked = store::check(directory, [](std::int64_t, std::int64_t) {});
  if (untouched)
    promise(checked && checked->problems.empty(), "a sound database is not found sound");
  if (opened) visit(directory);
}

}  // namespace linnet::fuzz
