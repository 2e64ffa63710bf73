// Scenario sync: catching up on a long inbox, just after the server has started and again.
#include "bare_store.hpp"
#include "groups.hpp"
#include "histogram.hpp"
#include "http.hpp"
#include "inbox.hpp"
#include "pb/logic.ext.pb.h"
#include "people.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"

#include <algorithm>

namespace linnet::bench {
namespace {

// Everybody's inbox gets `missed` messages, from the last of the users, by turns.
void fill(const Server& server, const std::vector<Account>& users, const Options& options) {
  const auto readers = users.size() - 1;
  std::vector<SendCall> calls;
  for (std::size_t i = 0; i < readers; ++i)
    calls.emplace_back(users.back(), pb::RT_USER, users[i].id.value(), options.payload);
  call_all(
      server.doors().http, readers * options.missed,
      [&](std::size_t number) {
        return std::string(calls[number % readers].with_request_id(number));
      },
      [](std::size_t /*number*/, const HttpReply& /*reply*/) {});
}

class Readings {
 public:
  Readings(const Options& options, Table& table, Server& server, std::vector<Account> readers)
      : options_(options), table_(table), server_(server), users_(std::move(readers)) {}

  void one_by_one(const std::string& mode) {
    show_progress("sync: " + mode);
    connect();
    const CpuMeter cpu(server_);
    const auto begin = now();
    Histogram times;
    for (auto& reader : readers_) {
      const auto asked = now();
      reader.ask();
      wait_for(readers_, poller_, reader);
      times.add(reader.done_at() - asked);
    }
    add(mode + ", one by one", times, cpu, begin);
  }

  void all_at_once(const std::string& mode) {
    connect();
    const CpuMeter cpu(server_);
    const auto begin = now();
    Histogram times;
    for (auto& reader : readers_)
      reader.ask();
    for (auto& reader : readers_) {
      wait_for(readers_, poller_, reader);
      times.add(reader.done_at() - begin);
    }
    add(mode + ", all at once", times, cpu, begin);
  }

  UserId first() const { return users_.front().id; }

  // They connect anew to a server that knows nothing of before, on files of which nothing is in
  // memory.
  void restart() {
    readers_.clear();
    server_.restart(Server::Caches::kEmptied);
  }

 private:
  void connect() {
    if (readers_.empty()) connect_readers(readers_, poller_, server_.doors(), users_);
  }

  void add(const std::string& mode, const Histogram& times, const CpuMeter& cpu, Nanos begin) {
    const auto passed = static_cast<double>(now() - begin) / 1e9;
    double messages = 0;
    std::uint64_t incomplete = 0;
    for (const auto& reader : readers_) {
      messages += static_cast<double>(reader.messages());
      if (reader.gaps() > 0 || reader.messages() != options_.missed) ++incomplete;
    }
    table_.add({mode, static_cast<double>(readers_.size()), messages / passed,
                times.percentile_ms(0.5), times.percentile_ms(0.99), times.max_ms(),
                cpu.server_us(messages), cpu.generator_us(messages)});
    if (incomplete > 0)
      table_.problem(mode + ": " + std::to_string(incomplete) + " inboxes came incomplete");
  }

  const Options& options_;
  Table& table_;
  Server& server_;
  std::vector<Account> users_;
  Poller poller_;
  InboxReaders readers_;
};

// The same rows, read from the same file by SQLite alone.
void note_bare(Table& table, const Server& server, UserId user, std::size_t missed) {
  if (!server.own()) return;
  const auto bare = read_barely(server.directory() / "data" / "linnet.db", user.value(), missed);
  if (!bare) return;
  table.note(
      "SQLite alone, the same rows from the same file, in memory: " + fixed(bare->p50_ms, 2) +
      " ms an inbox, " + fixed(1e6 / bare->messages_per_s, 2) + " us a message");
}

}  // namespace

Table run_sync(const Options& options) {
  Table table("sync",
              "catching up on " + std::to_string(options.missed) + " messages with " +
                  std::to_string(options.payload) + " bytes of text, over WebSocket",
              {{"mode", "mode"},
               {"inboxes", "inboxes"},
               {"messages_per_s", "messages/s"},
               {"p50_ms", "p50 ms", 2},
               {"p99_ms", "p99", 2},
               {"max_ms", "max", 2},
               {"server_cpu_us_per_message", "server CPU us/message", 2},
               {"generator_cpu_us_per_message", "generator", 2}});
  Server server(options);
  auto users = sign_up(server.site(), options.inboxes + 1);
  if (options.entries > 0) {
    auto site = server.site();
    site.first_phone += users.size();
    const auto others = sign_up(site, options.group_users);
    const Groups groups(site.doors.http, others, options.group_members);
    groups.send(site.doors.http, options.entries, options.payload);
  }
  show_progress("sync: inboxes are filled");
  fill(server, users, options);
  users.pop_back();
  Readings readings(options, table, server, std::move(users));
  if (server.own()) {
    server.settle();
    readings.restart();
    const auto memory = server.memory().value();
    table.note("restarted: ready in " +
               fixed(static_cast<double>(server.time_to_ready()) / 1e6, 0) + " ms, RSS " +
               fixed(memory.rss / 1e6, 1) + " MB");
    readings.one_by_one("after a restart");
  }
  readings.one_by_one("again");
  readings.all_at_once("again");
  note_bare(table, server, readings.first(), options.missed);
  if (options.entries > 0)
    table.note(std::to_string(options.entries) + " more entries in other inboxes");
  table.note("latency: from the packet that asks for an inbox to its last message");
  table.note(
      "after a restart neither the server nor the kernel has anything of the files in memory");
  note_memory(table, server);
  return table;
}

}  // namespace linnet::bench
