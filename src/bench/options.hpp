// What `linnet bench` is asked to do: scenarios, counts, durations.
#pragma once

#include "address.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace linnet::bench {

// Another server for fanout to compare with.
struct PeerServer {
  std::string name;
  std::string dialect;
  Address address;
  std::optional<pid_t> pid;
};

struct Options {
  std::vector<std::string> scenarios;  // empty: all
  double seconds = 3;                  // measured, per row
  double warm_up = 0.5;                // seconds before that
  std::size_t rounds = 5;
  bool syscalls = false;  // counts them, in a round of its own, where perf may

  // direct
  std::vector<std::size_t> connections{1, 16, 64, 256};
  std::size_t pairs = 64;
  std::size_t rate = 2000;    // deliveries per second, open loop
  std::size_t payload = 100;  // bytes of text in a message
  bool acknowledge = true;    // receivers acknowledge what they get
  // idle, calls, start
  std::size_t idle = 10000;
  std::size_t beating = 100;
  std::size_t pipeline = 16;
  std::size_t starts = 5;
  // shards
  std::vector<std::size_t> io_threads{1, 2};
  // group, large, sync, reconnect
  std::size_t group_members = 200;
  std::size_t group_users = 10000;
  std::size_t senders = 64;
  std::size_t group_rate = 0;  // messages per second, open loop; 0: as fast as they are answered
  std::size_t inboxes = 64;
  std::size_t missed = 1000;
  std::size_t entries = 0;  // of others
  std::size_t devices = 10000;
  std::vector<std::size_t> large_members{1000, 10000};
  std::size_t large_rate = 40;  // messages per second
  std::size_t online = 1000;
  std::size_t waiting = 10;  // messages for each device
  // fanout
  std::vector<std::size_t> members{1000, 10000};
  std::vector<std::size_t> bytes{100, 1000};
  std::vector<std::size_t> bursts{1, 8};  // messages published at once
  // Deliveries per second; of bursts each, of single messages the first.
  std::vector<std::size_t> loads{60000, 120000};
  std::size_t sweep_ms = 0;  // between two looks at who is not watched; 0: by size
  std::size_t hot = 200;     // messages per second of the hot room; 0: none
  std::size_t stuck = 1;     // percent of a room that do not read; 0: leave it out
  bool over_tcp = false;     // its members, not over WebSocket
  bool pin = true;           // server and generator each have a processor
  std::string floor;         // the executable; empty: linnet-floor beside this one
  std::vector<PeerServer> peers;

  // A server that runs already.
  std::optional<Address> http;
  Address tcp;
  std::optional<pid_t> pid;
  std::string code = "424242";

  std::vector<std::string> settings;  // KEY=VALUE, for a server that is started
  std::string dir;   // where the temporary data directories are made; empty: TMPDIR
  std::string json;  // file to write; empty: none

  bool wants(const std::string& scenario) const;
  bool elsewhere() const { return http.has_value(); }
};

struct Parsed {
  Options options;
  std::string text;  // to print instead of running
  bool failed = false;
};

Parsed parse_options(const std::vector<std::string>& arguments);

}  // namespace linnet::bench
