#include "options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

namespace linnet::bench {
namespace {

constexpr std::array<const char*, 6> kScenarios = {"send",      "deliver", "idle",
                                                   "heartbeat", "start",   "fanout"};

constexpr const char* kHelp = R"(linnet-bench [options] [scenario...]

Starts the linnet beside it on free ports and a temporary directory, loads it over loopback from one
thread, and prints what it did and what that cost. docs/performance.md says what each figure means.

Scenarios (all but fanout when none is named):
  send       durable SendMessage over HTTP from N connections, each waiting for its acknowledgement
  deliver    sends that a connected receiver gets, at a fixed rate and as fast as they go
  idle       memory and CPU time of signed-in connections that say nothing
  heartbeat  pipelined heartbeats
  start      time to ready and memory of an empty server
  fanout     one message to all members of a live room, beside linnet-floor, a bare epoll server

Options:
  --quick              all in less than 20 seconds; the figures are rougher
  --seconds S          measured seconds per row (3)
  --connections N,...  of send (1,16,64,256)
  --pairs N            of deliver (64)
  --rate N             sends per second of deliver's fixed rate (2000)
  --no-ack             receivers of deliver do not acknowledge
  --idle N             connections of idle (10000)
  --beating N          connections of heartbeat (100)
  --pipeline N         heartbeats under way on each of them (16)
  --starts N           of start (5)
  --payload N          bytes of text in a message (100)
  --members N,...      of fanout's room (1000,10000)
  --bytes N,...        of a message there (100,1000)
  --bursts N,...       messages published at once (1,8)
  --load N             deliveries per second (60000)
  --rounds N           of each case, by turns with the floor (5)
  --hot N              messages per second of the room that is paced and not (200)
  --tcp                fanout's members come over TCP, not WebSocket
  --no-pin             server and generator share the processors
  --dir DIR            where the data directories are made (TMPDIR, or /tmp)
  --set KEY=VALUE      a setting for the server
  --json FILE          writes the figures there too
  --help

Exit status: 0; 1 when something failed or a message was lost, repeated or out of order; 2 for a
wrong option.
)";

template <class T>
bool read_number(const std::string& text, T least, T most, T& value) {
  T read{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if (!(read >= least && read <= most)) return false;
  value = read;
  return true;
}

bool read_counts(const std::string& text, std::size_t most, std::vector<std::size_t>& counts) {
  counts.clear();
  std::size_t at = 0;
  while (at <= text.size()) {
    auto end = std::min(text.find(',', at), text.size());
    std::size_t count = 0;
    if (counts.size() == 32) return false;
    if (!read_number<std::size_t>(text.substr(at, end - at), 1, most, count)) return false;
    counts.push_back(count);
    at = end + 1;
  }
  return true;
}

struct Flag {
  const char* name;
  std::function<bool(Options&, const std::string&)> read;
};

Flag count_flag(const char* name, std::size_t Options::*member, std::size_t most) {
  return {name, [member, most](Options& options, const std::string& text) {
            return read_number<std::size_t>(text, 1, most, options.*member);
          }};
}

Flag counts_flag(const char* name, std::vector<std::size_t> Options::*member, std::size_t most) {
  return {name, [member, most](Options& options, const std::string& text) {
            return read_counts(text, most, options.*member);
          }};
}

std::vector<Flag> flags() {
  return {
      count_flag("--pairs", &Options::pairs, 2000),
      count_flag("--rate", &Options::rate, 200000),
      count_flag("--idle", &Options::idle, 500000),
      count_flag("--beating", &Options::beating, 5000),
      count_flag("--pipeline", &Options::pipeline, 1000),
      count_flag("--starts", &Options::starts, 100),
      count_flag("--payload", &Options::payload, 50000),
      count_flag("--rounds", &Options::rounds, 100),
      count_flag("--load", &Options::load, 10'000'000),
      count_flag("--hot", &Options::hot, 100'000),
      counts_flag("--connections", &Options::connections, 5000),
      counts_flag("--members", &Options::members, 100'000),
      counts_flag("--bytes", &Options::bytes, 8192),
      counts_flag("--bursts", &Options::bursts, 1000),
      {"--seconds",
       [](Options& options, const std::string& text) {
         return read_number(text, 0.1, 60.0, options.seconds);
       }},
      {"--json",
       [](Options& options, const std::string& text) {
         options.json = text;
         return !text.empty();
       }},
      {"--dir",
       [](Options& options, const std::string& text) {
         options.dir = text;
         return !text.empty();
       }},
      {"--set",
       [](Options& options, const std::string& text) {
         options.server_arguments.insert(options.server_arguments.end(), {"--set", text});
         return text.find('=') != std::string::npos;
       }},
  };
}

void make_quick(Options& options) {
  options.seconds = 0.7;
  options.warm_up = 0.2;
  options.connections = {1, 64};
  options.idle = 2000;
  options.starts = 3;
  options.members = {1000};
  options.rounds = 1;
}

// The switch that an argument turns over.
bool Options::*switch_of(const std::string& argument) {
  if (argument == "--no-ack") return &Options::acknowledge;
  if (argument == "--tcp") return &Options::over_tcp;
  if (argument == "--no-pin") return &Options::pin;
  return nullptr;
}

Parsed fail(const std::string& why) {
  Parsed parsed;
  parsed.failed = true;
  parsed.text = "linnet-bench: " + why + "; see --help\n";
  return parsed;
}

}  // namespace

bool Options::wants(const std::string& scenario) const {
  if (scenarios.empty()) return scenario != "fanout";
  return std::find(scenarios.begin(), scenarios.end(), scenario) != scenarios.end();
}

Parsed parse_options(const std::vector<std::string>& arguments) {
  Parsed parsed;
  Options& options = parsed.options;
  // First, so that what is said beside it holds wherever it stands.
  if (std::find(arguments.begin(), arguments.end(), "--quick") != arguments.end())
    make_quick(options);
  const auto known = flags();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      parsed.text = kHelp;
      return parsed;
    }
    if (argument == "--quick") continue;
    if (const auto member = switch_of(argument)) {
      options.*member = !(options.*member);
      continue;
    }
    if (std::find(kScenarios.begin(), kScenarios.end(), argument) != kScenarios.end()) {
      options.scenarios.push_back(argument);
      continue;
    }
    auto flag = std::find_if(known.begin(), known.end(),
                             [&](const Flag& candidate) { return argument == candidate.name; });
    if (flag == known.end()) return fail("'" + argument + "' is no option and no scenario");
    if (i + 1 == arguments.size()) return fail(argument + " needs a value");
    if (!flag->read(options, arguments[++i]))
      return fail("'" + arguments[i] + "' is not allowed for " + argument);
  }
  return parsed;
}

}  // namespace linnet::bench
