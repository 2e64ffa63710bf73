// Scenario store: the message store alone, in this process, under callers that each wait for the
// acknowledgement; beside SQLite in a bare loop.
#include "bare_store.hpp"
#include "histogram.hpp"
#include "people.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"

#include "linnet/base/clock.hpp"
#include "linnet/base/log.hpp"
#include "linnet/base/temp_dir.hpp"
#include "linnet/store/sqlite.hpp"

#include <condition_variable>
#include <mutex>
#include <random>
#include <stdexcept>

namespace linnet::bench {
namespace {

constexpr std::int64_t kUsers = 100'000;
constexpr std::size_t kFillers = 256;       // callers while it is filled
constexpr std::int64_t kFillMembers = 200;  // inboxes that each of their messages enters
constexpr double kSettle = 3;               // seconds, for the index that is built behind

store::NewMessage from(std::int64_t sender, std::int64_t receiver, std::uint64_t number,
                       std::size_t payload) {
  store::NewMessage made;
  auto& message = made.message;
  message.request_id = RequestId(static_cast<std::int64_t>(number));
  message.sender_type = 2;
  message.sender_id = sender;
  message.sender_device_id = DeviceId(sender);
  message.receiver_type = 1;
  message.receiver_id = receiver;
  message.type = 1;
  message.content.assign(payload, 'x');
  message.send_time = Millis(1'700'000'000'000);
  return made;
}

// So many callers at once. What is acknowledged is told on the store's thread.
class Appenders {
 public:
  using Make = std::function<store::NewMessage(std::uint64_t number)>;
  Appenders(store::Store& store, Make make, std::uint64_t first)
      : store_(store), make_(std::move(make)), number_(first) {}

  // From now on another one is appended for each that is refused: the index is behind by as much as
  // the store allows, and is built meanwhile.
  void make_up() { making_up_ = true; }
  // Appends until then or until `most` were begun, and waits for all that is under way.
  void run(std::size_t callers, Nanos until, std::uint64_t most) {
    until_ = until;
    left_ = most;
    for (std::size_t i = 0; i < callers; ++i)
      next();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return under_way_ == 0; });
  }
  void forget() {
    latencies_ = Histogram();
    refused_ = 0;
  }
  const Histogram& latencies() const { return latencies_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t number() const { return number_; }

 private:
  void next() {
    store::NewMessage message;
    {
      std::lock_guard lock(mutex_);
      if (left_ == 0) return;
      --left_;
      ++under_way_;
      message = make_(number_++);
    }
    const auto begun = now();
    store_.append(std::move(message), [this, begun](const Result<store::Appended>& done) {
      on_done(begun, done.ok());
    });
  }
  void on_done(Nanos begun, bool good) {
    const auto time = now();
    {
      std::lock_guard lock(mutex_);
      latencies_.add(time - begun);
      if (!good) ++refused_;
      if (!good && making_up_) ++left_;
      if (time >= until_) left_ = 0;
    }
    next();
    std::lock_guard lock(mutex_);
    if (--under_way_ == 0) idle_.notify_one();
  }

  store::Store& store_;
  Make make_;
  std::mutex mutex_;
  std::condition_variable idle_;
  Histogram latencies_;
  Nanos until_ = 0;
  std::uint64_t number_;
  std::uint64_t left_ = 0;
  std::uint64_t under_way_ = 0;
  std::uint64_t refused_ = 0;
  bool making_up_ = false;
};

// Messages to 200 inboxes each, as groups make them; the number that comes next.
std::uint64_t fill(store::Store& store, const Options& options) {
  std::mt19937_64 random(7);
  Appenders appenders(
      store,
      [&](std::uint64_t number) {
        const auto first = 1 + static_cast<std::int64_t>(random() % (kUsers - kFillMembers));
        auto made = from(first, 1, number, options.payload);
        for (std::int64_t i = 0; i < kFillMembers; ++i)
          made.recipients.emplace_back(first + i);
        return made;
      },
      1);
  const auto messages = options.entries / kFillMembers + 1;
  appenders.make_up();
  appenders.run(kFillers, now() + 3600 * kSecond, messages);
  rest(kSettle);
  return appenders.number();
}

Table make_table(const Options& options) {
  return {"store",
          "the message store alone, durable: one-to-one messages of " +
              std::to_string(options.payload) + " bytes between " + std::to_string(kUsers) +
              " users; each caller waits for its acknowledgement",
          {{"callers", "callers"},
           {"acknowledged_per_s", "acknowledged/s"},
           {"p50_ms", "p50 ms", 2},
           {"p99_ms", "p99", 2},
           {"max_ms", "max", 2},
           {"cpu_us_per_message", "CPU us/message", 1},
           {"bare_per_s", "bare SQLite/s"},
           {"of_bare", "of that", 2}}};
}

// One row: so many callers. The number of the next message.
std::uint64_t measure(Appenders& appenders, std::size_t callers, const Options& options,
                      const std::optional<BareStore>& bare, Table& table) {
  constexpr auto kAll = ~std::uint64_t{0};
  appenders.run(callers, now() + seconds(options.warm_up), kAll);
  appenders.forget();
  const auto begin = now();
  const auto cpu = own_cpu();
  appenders.run(callers, begin + seconds(options.seconds), kAll);
  const auto passed = static_cast<double>(now() - begin) / 1e9;
  const auto used = static_cast<double>(own_cpu() - cpu) / 1e3;
  const auto& latencies = appenders.latencies();
  const auto messages = static_cast<double>(latencies.count());
  const auto rate = messages / passed;
  table.add({static_cast<double>(callers), rate, latencies.percentile_ms(0.5),
             latencies.percentile_ms(0.99), latencies.max_ms(), used / messages,
             bare ? Cell(bare->messages_per_s) : kUnknown,
             bare ? Cell(rate / bare->messages_per_s) : kUnknown});
  if (appenders.refused() > 0)
    table.problem(std::to_string(appenders.refused()) + " appends were refused");
  return appenders.number();
}

}  // namespace

Table run_store(const Options& options) {
  auto table = make_table(options);
  const TempDir dir;
  const SystemClock clock;
  Logger log(LogLevel::kError);
  store::SqliteOptions settings;
  settings.directory = dir.path() / "data";
  auto opened = store::open_sqlite(settings, clock, log);
  if (!opened) throw std::runtime_error(opened.error().message());
  auto& store = **opened;
  show_progress("store: " + std::to_string(options.entries) + " entries are made");
  auto number = options.entries > 0 ? fill(store, options) : 1;
  std::mt19937_64 random(11);
  const auto make = [&](std::uint64_t next) {
    const auto sender = 1 + static_cast<std::int64_t>(random() % kUsers);
    const auto receiver = 1 + (sender + static_cast<std::int64_t>(random() % 1000)) % kUsers;
    auto made = from(sender, receiver, next, options.payload);
    made.recipients = {UserId(sender), UserId(receiver)};
    return made;
  };
  for (const auto count : options.connections) {
    show_progress("store: " + std::to_string(count) + " callers");
    const auto bare = write_barely(dir.path(), count, options.seconds, options.payload);
    Appenders appenders(store, make, number);
    number = measure(appenders, count, options, bare, table);
  }
  store.close();
  table.note(std::to_string(options.entries) + " inbox entries in it before");
  table.note(
      "bare SQLite: one thread that inserts the same rows (log, two entries, dedup key) in a loop"
      " into an empty database, as many in a transaction as there are callers, FULL");
  return table;
}

}  // namespace linnet::bench
