#include "power_trial.hpp"

#include "../await.hpp"
#include "../contents.hpp"
#include "crash/old_index.hpp"
#include "migrate.hpp"
#include "packing.hpp"
#include "power_caller.hpp"
#include "power_disk.hpp"
#include "power_mark.hpp"
#include "power_senders.hpp"
#include "sqlite_store.hpp"

#include "linnet/base/temp_dir.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <thread>

namespace linnet::test {
namespace {

using std::chrono::milliseconds;

constexpr int kMessages = 60;  // of each sender, at most, where no later place is to be reached
constexpr int kOldMessages = 20;
constexpr int kRefusals = 5;  // that a sender takes before it goes, where only one may come

class PowerTrial {
 public:
  explicit PowerTrial(const PowerOptions& options)
      : options_(options), random_(options.seed * 2 + (options.normal ? 1 : 0)) {
    sqlite_.directory = dir_.path() / "data";
    sqlite_.synchronous = options.normal ? store::Synchronous::kNormal : store::Synchronous::kFull;
    sqlite_.readers = 1;
    sqlite_.batch = static_cast<std::size_t>(any(1, 8));
    sqlite_.merge_after = std::size_t{1} << any(0, 8);
    sqlite_.merge_slice = milliseconds(any(0, 1));
    tuning_.vfs = disk_.name();
    tuning_.idle_before_merge = milliseconds(any(0, 2));
    tuning_.checkpoint_every = milliseconds(1);
    tuning_.checkpoint_frames = any(4, 60);
    tuning_.wal_limit_frames = any(20, 400);
  }

  PowerResult run() {
    std::filesystem::create_directory(sqlite_.directory);
    prepare();
    if (options_.faults) {
      plan_fault();
    } else {
      disk_.cut_after(any(1, old_schema_ ? 80 : 500));
    }
    live(most_);
    lose_power();
    for (int again = any(0, 2); again > 0; --again) {
      result_.place += ", again while it recovers";
      disk_.cut_after(any(1, 40));
      live(any(0, 2));
      lose_power();
    }
    look();
    result_.told = history_.messages_told() - old_messages_;
    result_.told_to_groups = senders_.told_to_groups();
    result_.answered = caller_.answered();
    result_.told_after_refusal = senders_.told_after_refusal();
    for (const auto& faults : {senders_.faults(), caller_.faults(), history_.faults()})
      result_.faults.insert(result_.faults.end(), faults.begin(), faults.end());
    return std::move(result_);
  }

 private:
  int any(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  std::string database() const { return (sqlite_.directory / "linnet.db").string(); }

  // An empty directory, a database at rest, or one of an older schema.
  void prepare() {
    const int known = store::migrations().back().number;
    const int choice = any(0, 9);
    result_.place = choice == 0 ? "while it is made" : "under load";
    if (choice == 0) return;
    old_schema_ = choice <= 2 ? any(1, known - 1) : 0;
    if (old_schema_ != 0) result_.place = "while it migrates";
    make_database(old_schema_ != 0 ? old_schema_ : known);
  }

  // As the program of that schema would have left it, with messages of which half are merged.
  void make_database(int schema) {
    auto opened = store::Connection::open(database(), store::Connection::Mode::kWrite);
    auto& db = **opened;
    must(db.exec("PRAGMA journal_mode=WAL"));
    must(db.exec("PRAGMA synchronous=OFF"));
    for (const auto& migration : store::migrations())
      if (migration.number <= schema) must(db.exec(migration.sql));
    must(db.exec(("PRAGMA user_version=" + std::to_string(schema)).c_str()));
    must(db.exec("INSERT INTO meta VALUES ('epoch', 'old')"));
    for (int i = 1; i <= kOldMessages; ++i) {
      // Each fourth is longer than a page.
      const auto content = content_of("old/" + std::to_string(i), i % 4 == 0 ? 5000 : 0);
      const auto text = text_of(content);
      std::string recipients;
      for (std::int64_t number : {1, i, 2, i})
        store::pack(recipients, number);
      must(store::Query(db,
                        "INSERT INTO message (id, request_id, sender_type, sender_id,"
                        " sender_device_id, receiver_type, receiver_id, type, status, send_time,"
                        " received, mentions, content, recipients)"
                        " VALUES (?1, 0, 2, 1, 0, 1, 2, 1, 0, 1, 1, x'', ?2, ?3)",
                        i, store::Blob{content}, store::Blob{recipients})
               .run());
      for (int user = 1; user <= 2 && i <= kOldMessages / 2; ++user)
        must(insert_entry(db, schema, user, i, i));
      history_.sent(text, 1000, i, {1, 2});
      history_.told(text, 1, i);
      ++old_messages_;
    }
    must(db.exec(
        ("INSERT INTO meta VALUES ('merged_upto', " + std::to_string(kOldMessages / 2) + ")")
            .c_str()));
  }

  static void must(const Status& status) {
    if (!status) throw std::runtime_error(status.error().detail());
  }

  void plan_fault() {
    int op = any(0, 3);
    bool sticky = any(0, 1) == 1;
    int nth = any(1, op == 2 ? 3 : op == 0 ? 300 : 80);
    if (options_.first_places > 0) {
      const auto turn = static_cast<int>(
          options_.seed % static_cast<std::uint64_t>(options_.first_places * options_.kTurns));
      op = turn % 4;
      sticky = turn / 4 % 2 == 1;
      nth = turn / options_.kTurns + 1;
      most_ = std::max(kMessages, nth);  // a commit of all senders at once syncs once
      // Only a checkpoint beside which nobody writes truncates the database.
      if (op == 2) rounds_ = nth + 1;
    }
    const char* names[] = {"write", "sync", "truncation", "read"};
    result_.operation = names[op];
    result_.place = "after a failed " + result_.operation;
    const PowerDisk::Op ops[] = {PowerDisk::Op::kWrite, PowerDisk::Op::kSync,
                                 PowerDisk::Op::kTruncate, PowerDisk::Op::kRead};
    full_ = op == 0 && any(0, 1) == 1;
    if (full_) result_.place = "after a write for which there was no room";
    disk_.fail(ops[op], nth, sticky, full_);
  }

  // Opens the store and sends until the power has gone, or each sender has sent `most`.
  void live(int most) {
    auto opened = store::SqliteStore::open(sqlite_, tuning_, clock_, silent());
    if (!opened) {
      result_.refused = true;
      if (!disk_.off() && disk_.failures() == 0)
        result_.faults.push_back("does not open: " + opened.error().message());
      return;
    }
    auto& store = **opened;
    senders_.find_groups(store, true);
    caller_.look(store, senders_.large_group(), false);
    for (int round = 1; round < rounds_ && disk_.failures() == 0; ++round) {
      const int before = disk_.truncations();
      send(store, 2);
      for (int i = 0; i < 100 && disk_.truncations() == before && disk_.failures() == 0; ++i)
        std::this_thread::sleep_for(milliseconds(1));
    }
    send(store, most);
    result_.cut_in_the_middle = result_.cut_in_the_middle || disk_.off();
    // Time to merge, and to checkpoint.
    if (!disk_.off() && most <= 2) std::this_thread::sleep_for(milliseconds(8));
    disk_.cut();
  }

  void send(store::Store& store, int most) {
    PowerSenders::Patience patience;
    if (options_.faults && !disk_.off()) patience.refusals = kRefusals;
    // A full disk may have room again; any other failure is the store's last.
    patience.in_vain = !full_;
    std::vector<std::thread> threads;
    for (std::int64_t sender = 1; sender <= PowerSenders::kSenders; ++sender)
      threads.emplace_back(
          [&, sender, seed = random_()] { senders_.send(store, sender, most, seed, patience); });
    threads.emplace_back([&, seed = random_()] {
      caller_.call(store, most, seed, patience.refusals, patience.in_vain);
    });
    std::this_thread::sleep_for(milliseconds(any(0, 3)));
    mark_.note();
    for (auto& thread : threads)
      thread.join();
  }

  // With whatever was still on its way.
  void lose_power() {
    ++result_.cuts;
    result_.failures = disk_.failures();
    disk_.power_on(random_);
    if (mark_.power_on(random_)) ++result_.marks_behind;
  }

  // As it is after the last power loss.
  void look() {
    auto opened = store::SqliteStore::open(sqlite_, tuning_, clock_, silent());
    if (!opened) {
      result_.faults.push_back("does not open: " + opened.error().message());
      return;
    }
    auto& store = **opened;
    senders_.find_groups(store, false);
    caller_.look(store, senders_.large_group(), true);
    senders_.read_all(store);
    result_.recovered = history_.recovered();
    senders_.look_for_losses();
    senders_.retry(store);
    senders_.read_all(store);
    opened->reset();
    check_database();
  }

  void check_database() {
    auto db = store::Connection::open(database(), store::Connection::Mode::kRead);
    std::string verdict = "cannot be opened";
    if (db) {
      store::Query query(**db, "PRAGMA integrity_check");
      if (query.next()) verdict = query.text(0);
    }
    if (verdict != "ok") result_.faults.push_back("integrity_check: " + verdict);
  }

  PowerOptions options_;
  std::mt19937_64 random_;
  TempDir dir_;
  PowerDisk disk_;
  PowerMark mark_{dir_.path() / "data"};
  SystemClock clock_;
  store::SqliteOptions sqlite_;
  store::Tuning tuning_;
  bool full_ = false;  // what fails is a write for which there is no room
  int old_schema_ = 0;
  std::size_t old_messages_ = 0;
  int most_ = kMessages;  // of each sender
  int rounds_ = 1;        // with a pause after each
  History history_;
  PowerSenders senders_{history_};
  PowerCaller caller_;
  PowerResult result_;
};

}  // namespace

bool is_loss(const std::string& fault) {
  // The seqs of what was lost are given again, and what is sent again then comes later.
  for (const char* part : {"is lost, though acknowledged", "told for '",
                           "was told, and a later sync ends at", "after a later one of its sender"})
    if (fault.find(part) != std::string::npos) return true;
  return false;
}

PowerResult run_power_trial(const PowerOptions& options) {
  return PowerTrial(options).run();
}

}  // namespace linnet::test
