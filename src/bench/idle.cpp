// Scenario idle: what a connection costs that says nothing.
#include "people.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"

#include <algorithm>
#include <stdexcept>

namespace linnet::bench {
namespace {

// Connected before the baseline is taken, so that buffers which are there once, and not for each
// connection, are not counted.
constexpr std::size_t kFirst = 64;
constexpr double kHeartbeat = 30;  // seconds between two of one connection
constexpr double kSettling = 2.5;  // seconds; longer than the wait for a first sync

// Each connection sends a heartbeat every 30 s, evenly spread; gives how many were answered.
std::size_t beat(std::vector<Peer>& peers, Poller& poller, Door door, Nanos begin, Nanos until) {
  const auto packet = frame(door, pb::PT_HEARTBEAT, 1, "");
  const auto interval = kHeartbeat / static_cast<double>(peers.size());
  std::size_t answered = 0;
  for (std::size_t sent = 0;; ++sent) {
    const auto due = begin + seconds(static_cast<double>(sent) * interval);
    while (now() < std::min(due, until)) {
      for (const auto& event : poller.wait(std::min(due, until)))
        peers[static_cast<std::size_t>(event.data.u64)].handle(event.events,
                                                               [&](const Down&) { ++answered; });
    }
    if (due >= until) return answered;
    peers[sent % peers.size()].send(packet);
  }
}

std::vector<Cell> measure_door(const Options& options, Server& server, Door door,
                               const std::vector<Account>& users) {
  Poller poller;
  std::vector<Peer> peers;
  peers.reserve(users.size());
  auto door_of = [door](std::size_t) { return door; };
  connect_all(peers, kFirst, poller, server.doors(), users, door_of);
  rest(1);
  const auto baseline = server.memory();

  auto begin = now();
  const CpuMeter joining(server);
  connect_all(peers, users.size(), poller, server.doors(), users, door_of);
  auto count = static_cast<double>(users.size() - kFirst);
  auto passed = static_cast<double>(now() - begin);
  auto joining_us = joining.server_us(count);
  rest(kSettling);
  const auto loaded = server.memory();

  auto quiet = now();
  const CpuMeter idle(server);
  rest(options.seconds);
  auto idle_seconds = static_cast<double>(now() - quiet) / 1e9;
  const auto idle_us = idle.server_us(idle_seconds);
  const auto idle_us_each = idle.server_us(idle_seconds * static_cast<double>(users.size()));
  const auto beating = now();
  const CpuMeter beats(server);
  if (beat(peers, poller, door, beating, beating + seconds(options.seconds)) == 0)
    throw std::runtime_error("no heartbeat was answered");
  const auto beating_seconds = static_cast<double>(now() - beating) / 1e9;
  const auto beat_us_each = beats.server_us(beating_seconds * static_cast<double>(users.size()));
  Cell bytes = kUnknown;
  Cell rss = kUnknown;
  if (baseline && loaded) {
    bytes = (loaded->rss_anon - baseline->rss_anon) / count;
    rss = loaded->rss / 1e6;
  }
  return {name_of(door),
          static_cast<double>(users.size()),
          bytes,
          rss,
          count / passed * 1e9,
          joining_us,
          idle_us,
          idle_us_each,
          beat_us_each};
}

}  // namespace

Table run_idle(const Options& options) {
  Table table("idle", "connections that have signed in and synced and say nothing",
              {{"door", "door"},
               {"connections", "connections"},
               {"bytes_per_connection", "bytes/connection"},
               {"rss_mb", "server RSS MB", 1},
               {"sign_ins_per_s", "accept+sign-in/s"},
               {"server_cpu_us_per_sign_in", "server CPU us each", 1},
               {"idle_cpu_us_per_s", "idle CPU us/s"},
               {"idle_cpu_us_per_s_per_connection", "of each", 3},
               {"heartbeat_cpu_us_per_s_per_connection", "with heartbeats", 3}});
  auto limit = raise_file_limit();
  auto count = std::max(options.idle, 2 * kFirst);
  if (count + 200 > limit) {
    count = limit - 200;
    table.note("the limit of open files allows only so many connections (ulimit -Hn)");
  }
  Server server(options);
  auto begin = now();
  auto users = sign_up(server.site(), count);
  auto passed = static_cast<double>(now() - begin) / 1e9;
  for (auto door : {Door::kTcp, Door::kWebSocket}) {
    if (server.own()) server.restart();  // no memory of what was before is counted or reused
    show_progress(std::string("idle: ") + name_of(door));
    table.add(measure_door(options, server, door, users));
  }
  table.note("before: RegisterDevice and SignIn over HTTP, " +
             fixed(static_cast<double>(count) / passed, 0) + " users/s from 64 connections");
  table.note("with heartbeats: one every 30 s from each connection, evenly spread");
  table.note("memory is the server's own (RssAnon); the kernel's socket buffers come on top");
  return table;
}

}  // namespace linnet::bench
