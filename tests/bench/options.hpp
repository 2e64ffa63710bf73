// What linnet-bench is asked to do: scenarios, counts, durations.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace linnet::bench {

struct Options {
  std::vector<std::string> scenarios;  // empty: all but fanout
  double seconds = 3;                  // measured, per row
  double warm_up = 0.5;                // seconds before that
  std::vector<std::size_t> connections{1, 16, 64, 256};
  std::size_t pairs = 64;
  std::size_t rate = 2000;  // deliveries per second, open loop
  std::size_t idle = 10000;
  std::size_t beating = 100;
  std::size_t pipeline = 16;
  std::size_t starts = 5;
  std::size_t payload = 100;                      // bytes of text in a message
  std::vector<std::size_t> members{1000, 10000};  // of fanout
  std::vector<std::size_t> bytes{100, 1000};      // of its messages
  std::vector<std::size_t> bursts{1, 8};          // messages published at once
  std::size_t rounds = 5;
  std::size_t load = 60000;  // deliveries per second
  std::size_t hot = 200;     // messages per second of the hot room
  bool over_tcp = false;     // its members, not over WebSocket
  bool pin = true;           // server and generator each have a processor
  bool acknowledge = true;   // receivers acknowledge what they get
  std::string json;          // file to write; empty: none
  std::string dir;           // where the temporary data directories are made; empty: TMPDIR
  std::vector<std::string> server_arguments;

  bool wants(const std::string& scenario) const;
};

struct Parsed {
  Options options;
  std::string text;  // to print instead of running
  bool failed = false;
};

Parsed parse_options(const std::vector<std::string>& arguments);

}  // namespace linnet::bench
