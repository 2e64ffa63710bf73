// What the store's tests share: waiting for a completion, a clock to turn, messages, and the
// engines on which the contract is checked.
#pragma once

#include "sqlite_store.hpp"
#include "support/memory_store.hpp"

#include "linnet/base/clock.hpp"
#include "linnet/base/temp_dir.hpp"
#include "linnet/store/sqlite.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace linnet::test {

inline constexpr std::chrono::seconds kDeadline{60};

// Calls start(done), and gives what it completes with.
template <class T, class Start>
std::future<Result<T>> begin(Start start) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  Done<T> done = [promise](Result<T> result) { promise->set_value(std::move(result)); };
  start(std::move(done));
  return future;
}

template <class T>
Result<T> end(std::future<Result<T>> future) {
  if (future.wait_for(kDeadline) != std::future_status::ready)
    throw std::runtime_error("the store did not complete");
  return future.get();
}

// Both.
template <class T, class Start>
Result<T> await(Start start) {
  return end<T>(begin<T>(std::move(start)));
}

// True as soon as `condition` holds; false after the deadline.
template <class Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class FalseClock final : public Clock {
 public:
  Millis wall() const override { return Millis(now_ + ahead_); }
  std::chrono::milliseconds steady() const override {
    return std::chrono::milliseconds(now_.load());
  }
  void turn(std::chrono::milliseconds by) { now_ += by.count(); }
  // The one on the wall alone.
  void jump(std::chrono::milliseconds by) { ahead_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ = 1'700'000'000'000;
  std::atomic<std::int64_t> ahead_ = 0;
};

// From `sender` to `recipients`, whose first is the sender if it keeps a copy.
inline store::NewMessage text(std::int64_t sender, std::vector<std::int64_t> recipients,
                              std::string content, std::int64_t device = 0,
                              std::int64_t request = 0) {
  store::NewMessage result;
  auto& message = result.message;
  message.sender_type = 2;
  message.sender_id = sender;
  message.sender_device_id = DeviceId(device);
  message.request_id = RequestId(request);
  message.receiver_type = 1;
  message.receiver_id = recipients.back();
  message.type = 1;
  message.content = std::move(content);
  message.send_time = Millis(1'700'000'000'123);
  for (auto user : recipients)
    result.recipients.emplace_back(user);
  return result;
}

// The seam's calls as plain functions. A failure that a test does not expect is an exception.
class Calls {
 public:
  explicit Calls(store::Store& store) : store_(store) {}

  Result<store::Appended> try_append(const store::NewMessage& message) {
    return await<store::Appended>(
        [&](Done<store::Appended> done) { store_.append(message, std::move(done)); });
  }
  store::Appended append(const store::NewMessage& message) { return get(try_append(message)); }
  Result<store::InboxPage> try_read(std::int64_t user, std::int64_t after,
                                    store::PageLimit limit = {}) {
    return await<store::InboxPage>([&](Done<store::InboxPage> done) {
      store_.read_inbox(UserId(user), Seq(after), limit, std::move(done));
    });
  }
  store::InboxPage read(std::int64_t user, std::int64_t after, store::PageLimit limit = {}) {
    return get(try_read(user, after, limit));
  }
  // The whole inbox; throws unless it is 1, 2, 3 …
  std::vector<std::string> inbox(std::int64_t user) {
    std::vector<std::string> contents;
    for (;;) {
      auto page = read(user, static_cast<std::int64_t>(contents.size()));
      if (page.entries.empty()) return contents;
      for (auto& entry : page.entries) {
        if (entry.seq.value() != static_cast<std::int64_t>(contents.size()) + 1)
          throw std::runtime_error("a gap or a repeat");
        contents.push_back(std::move(entry.message.content));
      }
    }
  }
  std::int64_t head(std::int64_t user) {
    return get(await<Seq>([&](Done<Seq> done) { store_.head(UserId(user), std::move(done)); }))
        .value();
  }
  void acknowledge(std::int64_t user, std::int64_t device, std::int64_t seq) {
    store_.acknowledge(UserId(user), DeviceId(device), Seq(seq));
  }
  std::int64_t acknowledged_by(std::int64_t user, std::int64_t device) {
    return get(await<Seq>([&](Done<Seq> done) {
             store_.acknowledged_by(UserId(user), DeviceId(device), std::move(done));
           }))
        .value();
  }
  std::int64_t acknowledged(std::int64_t user) {
    return get(await<Seq>(
                   [&](Done<Seq> done) { store_.acknowledged(UserId(user), std::move(done)); }))
        .value();
  }
  DeviceId device(const store::Device& device = {}) {
    return get(await<DeviceId>(
        [&](Done<DeviceId> done) { store_.create_device(device, std::move(done)); }));
  }
  Result<store::SignedIn> try_sign_in(const std::string& phone_number, DeviceId device) {
    store::SignIn sign_in;
    sign_in.phone_number = phone_number;
    sign_in.device = device;
    sign_in.nickname_if_new = "new";
    sign_in.now = Millis(7);
    return await<store::SignedIn>(
        [&](Done<store::SignedIn> done) { store_.sign_in(sign_in, std::move(done)); });
  }
  std::int64_t user(const std::string& phone_number) {
    return get(try_sign_in(phone_number, device())).user.value();
  }

  template <class T>
  static T get(Result<T> result) {
    if (!result)
      throw std::runtime_error(std::string(name(result.code())) + " " + result.error().message() +
                               " " + result.error().detail());
    return std::move(*result);
  }

 private:
  store::Store& store_;
};

inline Logger& silent() {
  static Logger logger(LogLevel::kOff);
  return logger;
}

// A SQLite store in a directory, to be closed and opened again.
class SqliteEngine {
 public:
  SqliteEngine() : SqliteEngine(store::SqliteOptions{}, store::Tuning{}) {}
  SqliteEngine(store::SqliteOptions options, store::Tuning tuning)
      : options_(std::move(options)), tuning_(std::move(tuning)) {
    if (options_.directory.empty()) options_.directory = dir_.path() / "data";
    open();
  }
  void open() {
    auto opened = store::SqliteStore::open(options_, tuning_, clock_, silent());
    store_ = Calls::get(std::move(opened));
  }
  void reopen() {
    store_.reset();
    open();
  }
  void close() { store_.reset(); }
  store::Store& store() { return *store_; }
  Calls calls() { return Calls(*store_); }
  FalseClock& clock() { return clock_; }
  store::SqliteOptions& options() { return options_; }
  std::filesystem::path database() const { return options_.directory / "linnet.db"; }

  // The number that `sql` gives, read beside the store.
  std::int64_t number(std::string_view sql) const {
    auto db = Calls::get(store::Connection::open(database(), store::Connection::Mode::kRead));
    store::Query query(*db, sql);
    return query.next() ? query.number(0) : -1;
  }
  bool merged() const {
    return number(
               "SELECT (SELECT max(id) FROM message) ="
               " (SELECT value FROM meta WHERE key = 'merged_upto')") == 1;
  }

 private:
  TempDir dir_;
  FalseClock clock_;
  store::SqliteOptions options_;
  store::Tuning tuning_;
  std::unique_ptr<store::SqliteStore> store_;
};

class MemoryEngine {
 public:
  store::Store& store() { return store_; }
  Calls calls() { return Calls(store_); }
  void close() { store_.close(); }

 private:
  MemoryStore store_;
};

// Reads go mostly to the tail.
struct LazyMerge : SqliteEngine {
  LazyMerge() : SqliteEngine({}, tuning()) {}
  static store::Tuning tuning() {
    store::Tuning tuning;
    tuning.idle_before_merge = std::chrono::hours(1);
    return tuning;
  }
};
// Reads go to index and tail, in all states of the merge.
struct EagerMerge : SqliteEngine {
  EagerMerge() : SqliteEngine(eager(), {}) {}
  static store::SqliteOptions eager() {
    store::SqliteOptions options;
    options.merge_after = 1;
    options.merge_slice = std::chrono::milliseconds(0);
    return options;
  }
};

}  // namespace linnet::test
