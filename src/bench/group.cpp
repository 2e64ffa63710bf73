// Scenario group: durable messages to small groups, each of which makes an entry in every member's
// inbox.
#include "commits.hpp"
#include "crowd.hpp"
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
#include <queue>

namespace linnet::bench {
namespace {

constexpr std::size_t kReadBack = 32;  // inboxes

// Connections that each send to their group and wait for the acknowledgement.
class GroupSenders {
 public:
  GroupSenders(const Options& options, const Address& http, const Groups& groups)
      : groups_(groups),
        callers_(poller_, http, options.senders),
        begun_(options.senders),
        between_(options.group_rate == 0 ? 0
                                         : seconds(static_cast<double>(options.senders) /
                                                   static_cast<double>(options.group_rate))),
        sent_(groups.count()) {
    for (std::size_t i = 0; i < options.senders; ++i) {
      const auto id = groups.id(groups.group_of(i));
      calls_.emplace_back(groups.member(i), pb::RT_NORMAL_GROUP, id, options.payload);
    }
    const auto begin = now();
    for (std::size_t i = 0; i < options.senders; ++i) {
      const auto share = static_cast<double>(i) / static_cast<double>(options.senders);
      due_.push({begin + static_cast<Nanos>(static_cast<double>(between_) * share), i});
    }
  }

  // Sends until then; what is answered meanwhile counts.
  void run(Nanos until) {
    while (now() < until)
      turn(until, true);
  }
  void settle() {
    for (const auto deadline = now() + 10 * kSecond; waiting_ > 0 && now() < deadline;)
      turn(deadline, false);
  }
  void forget() { latencies_ = Histogram(); }

  const Histogram& latencies() const { return latencies_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t unanswered() const { return waiting_; }
  // Acknowledged messages to a group.
  std::uint64_t sent(std::size_t group) const { return sent_[group]; }

 private:
  using Due = std::pair<Nanos, std::size_t>;  // when, and which caller

  // At a fixed rate a time counts from when it should have begun.
  void send(const Due& due) {
    begun_[due.second] = between_ > 0 ? due.first : now();
    ++waiting_;
    callers_.call(due.second, calls_[due.second].with_request_id(number_++));
  }
  void turn(Nanos until, bool again) {
    for (; again && !due_.empty() && due_.top().first <= now(); due_.pop())
      send(due_.top());
    const auto next = again && !due_.empty() ? std::min(until, due_.top().first) : until;
    for (const auto& event : poller_.wait(next))
      callers_.handle(event, [&](std::size_t caller, const HttpReply& reply) {
        --waiting_;
        latencies_.add(now() - begun_[caller]);
        if (reply.status == 200) {
          ++sent_[groups_.group_of(caller)];
        } else {
          ++refused_;
        }
        if (again) due_.push({between_ > 0 ? begun_[caller] + between_ : now(), caller});
      });
  }

  const Groups& groups_;
  Poller poller_;
  Callers callers_;
  std::vector<SendCall> calls_;
  std::vector<Nanos> begun_;
  Nanos between_;  // two messages of one caller; 0: as fast as they are answered
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<std::uint64_t> sent_;
  Histogram latencies_;
  std::uint64_t number_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t waiting_ = 0;
};

// Some members' inboxes, evenly spread: no gap, and as many messages of the group as were
// acknowledged.
std::vector<std::string> read_back(const Server& server, const Groups& groups,
                                   const GroupSenders& senders, const std::vector<Account>& users,
                                   std::size_t members) {
  std::vector<std::string> problems;
  const auto places = spread(kReadBack, groups.count() * members);
  std::vector<Account> accounts;
  accounts.reserve(places.size());
  for (const auto place : places)
    accounts.push_back(users[place]);
  Poller poller;
  InboxReaders readers;
  connect_readers(readers, poller, server.doors(), accounts);
  for (std::size_t i = 0; i < places.size(); ++i) {
    readers[i].ask();
    wait_for(readers, poller, readers[i]);
    const auto expected = senders.sent(places[i] / members);
    if (readers[i].gaps() > 0) problems.emplace_back("gaps in the seqs of an inbox");
    if (readers[i].texts() != expected)
      problems.push_back("an inbox has " + std::to_string(readers[i].texts()) + " messages of " +
                         std::to_string(expected));
  }
  return problems;
}

}  // namespace

Table run_group(const Options& options) {
  const auto members = std::min(options.group_members, options.group_users);
  Table table("group",
              "durable messages to groups of " + std::to_string(members) + ", " +
                  std::to_string(options.payload) + " bytes of text; each of " +
                  std::to_string(options.senders) + " connections waits for its acknowledgement",
              {{"groups", "groups"},
               {"messages_per_s", "messages/s"},
               {"entries_per_s", "entries/s"},
               {"p50_ms", "p50 ms", 2},
               {"p99_ms", "p99", 2},
               {"max_ms", "max", 2},
               {"commit_p50_ms", "commit p50 ms", 2},
               {"commit_p99_ms", "p99", 2},
               {"server_cpu_us_per_message", "server CPU us/message", 1},
               {"server_cpu_us_per_entry", "of an entry", 2},
               {"generator_cpu_us_per_message", "generator", 1}});
  Server server(options);
  show_progress("group: users and groups are made");
  const auto users = sign_up(server.site(), options.group_users);
  const Groups groups(server.doors().http, users, members);
  GroupSenders senders(options, server.doors().http, groups);
  show_progress("group: sending");
  senders.run(now() + seconds(options.warm_up));
  senders.forget();
  CommitMeter commits(server.doors().http);
  const CpuMeter cpu(server);
  const auto begin = now();
  senders.run(begin + seconds(options.seconds));
  const auto passed = static_cast<double>(now() - begin) / 1e9;
  const auto& latencies = senders.latencies();
  const auto messages = std::max(static_cast<double>(latencies.count()), 1.0);
  const auto entries = messages * static_cast<double>(members);
  commits.stop();
  table.add({static_cast<double>(groups.count()), messages / passed, entries / passed,
             latencies.percentile_ms(0.5), latencies.percentile_ms(0.99), latencies.max_ms(),
             commits.percentile_ms(0.5), commits.percentile_ms(0.99), cpu.server_us(messages),
             cpu.server_us(entries), cpu.generator_us(messages)});
  table.note("commit: what the server says of its store's transactions, rounded up to its buckets");
  senders.settle();
  if (senders.refused() > 0)
    table.problem(std::to_string(senders.refused()) + " sends were refused");
  if (senders.unanswered() > 0)
    table.problem(std::to_string(senders.unanswered()) + " sends were never answered");
  show_progress("group: reading back");
  for (const auto& problem : read_back(server, groups, senders, users, members))
    table.problem(problem);
  table.note(
      "an acknowledged message is on disk; its entries are readable then, and built into the"
      " index behind it, which the CPU time contains as far as it went");
  note_memory(table, server);
  return table;
}

}  // namespace linnet::bench
