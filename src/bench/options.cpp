#include "options.hpp"

#include "help.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

namespace linnet::bench {
namespace {

constexpr std::array<const char*, 12> kScenarios = {"fanout", "shards", "direct", "durable",
                                                    "group",  "large",  "sync",   "reconnect",
                                                    "idle",   "calls",  "start",  "store"};

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

bool read_pid(const std::string& text, std::optional<pid_t>& pid) {
  pid_t number = 0;
  if (!read_number<pid_t>(text, 1, 1 << 30, number)) return false;
  pid = number;
  return true;
}

// http://HOST:PORT, perhaps with a slash behind it.
bool read_url(const std::string& text, Options& options) {
  const std::string scheme = "http://";
  if (text.rfind(scheme, 0) != 0) return false;
  auto place = text.substr(scheme.size());
  if (!place.empty() && place.back() == '/') place.pop_back();
  options.http = find_address(place);
  return options.http.has_value();
}

bool read_address(const std::string& text, Address& address) {
  const auto found = find_address(text);
  if (found) address = *found;
  return found.has_value();
}

// NAME=DIALECT:HOST:PORT[:PID]
bool read_peer(const std::string& text, Options& options) {
  const auto equals = text.find('=');
  const auto colon = text.find(':', equals);
  if (equals == std::string::npos || colon == std::string::npos) return false;
  PeerServer peer;
  peer.name = text.substr(0, equals);
  peer.dialect = text.substr(equals + 1, colon - equals - 1);
  auto place = text.substr(colon + 1);
  if (std::count(place.begin(), place.end(), ':') == 2) {
    const auto last = place.rfind(':');
    if (!read_pid(place.substr(last + 1), peer.pid)) return false;
    place.resize(last);
  }
  if (!read_address(place, peer.address)) return false;
  options.peers.push_back(std::move(peer));
  return true;
}

struct Flag {
  const char* name;
  std::function<bool(Options&, const std::string&)> read;
};

Flag count_flag(const char* name, std::size_t Options::*member, std::size_t most,
                std::size_t least = 1) {
  return {name, [member, most, least](Options& options, const std::string& text) {
            return read_number<std::size_t>(text, least, most, options.*member);
          }};
}

Flag counts_flag(const char* name, std::vector<std::size_t> Options::*member, std::size_t most) {
  return {name, [member, most](Options& options, const std::string& text) {
            return read_counts(text, most, options.*member);
          }};
}

Flag text_flag(const char* name, std::string Options::*member) {
  return {name, [member](Options& options, const std::string& text) {
            options.*member = text;
            return !text.empty();
          }};
}

std::vector<Flag> count_flags() {
  return {
      count_flag("--pairs", &Options::pairs, 2000),
      count_flag("--rate", &Options::rate, 200'000),
      count_flag("--idle", &Options::idle, 500'000),
      count_flag("--beating", &Options::beating, 5000),
      count_flag("--pipeline", &Options::pipeline, 1000),
      count_flag("--starts", &Options::starts, 100),
      count_flag("--payload", &Options::payload, 50'000),
      count_flag("--rounds", &Options::rounds, 100),
      count_flag("--sweep", &Options::sweep_ms, 10'000, 0),
      count_flag("--hot", &Options::hot, 100'000, 0),
      count_flag("--stuck", &Options::stuck, 50, 0),
      count_flag("--group-members", &Options::group_members, 500, 2),
      count_flag("--group-users", &Options::group_users, 1'000'000, 2),
      count_flag("--senders", &Options::senders, 5000),
      count_flag("--group-rate", &Options::group_rate, 200'000, 0),
      count_flag("--inboxes", &Options::inboxes, 5000),
      count_flag("--entries", &Options::entries, 1'000'000'000),
      count_flag("--missed", &Options::missed, 1'000'000),
      count_flag("--devices", &Options::devices, 500'000),
      count_flag("--online", &Options::online, 20'000),
      count_flag("--large-rate", &Options::large_rate, 10'000),
      count_flag("--waiting", &Options::waiting, 10'000),
      counts_flag("--connections", &Options::connections, 5000),
      counts_flag("--large-members", &Options::large_members, 1'000'000),
      counts_flag("--members", &Options::members, 100'000),
      counts_flag("--bytes", &Options::bytes, 8192),
      counts_flag("--bursts", &Options::bursts, 1000),
      counts_flag("--load", &Options::loads, 10'000'000),
      counts_flag("--io-threads", &Options::io_threads, 256),
  };
}

std::vector<Flag> flags() {
  auto all = count_flags();
  const std::vector<Flag> others{
      text_flag("--json", &Options::json),
      text_flag("--dir", &Options::dir),
      text_flag("--floor", &Options::floor),
      text_flag("--code", &Options::code),
      {"--seconds",
       [](Options& options, const std::string& text) {
         return read_number(text, 0.1, 60.0, options.seconds);
       }},
      {"--set",
       [](Options& options, const std::string& text) {
         options.settings.push_back(text);
         return text.find('=') != std::string::npos;
       }},
      {"--url", [](Options& options, const std::string& text) { return read_url(text, options); }},
      {"--tcp",
       [](Options& options, const std::string& text) { return read_address(text, options.tcp); }},
      {"--pid",
       [](Options& options, const std::string& text) { return read_pid(text, options.pid); }},
      {"--peer",
       [](Options& options, const std::string& text) { return read_peer(text, options); }},
  };
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

// The switch that an argument turns over.
bool Options::*switch_of(const std::string& argument) {
  if (argument == "--no-ack") return &Options::acknowledge;
  if (argument == "--tcp-members") return &Options::over_tcp;
  if (argument == "--syscalls") return &Options::syscalls;
  if (argument == "--no-pin") return &Options::pin;
  return nullptr;
}

void make_quick(Options& options) {
  options.seconds = 0.7;
  options.warm_up = 0.2;
  options.connections = {1, 64};
  options.idle = 2000;
  options.starts = 3;
  options.group_users = 2000;
  options.devices = 2000;
  options.members = {1000};
  options.large_members = {1000};
  options.rounds = 1;
  options.loads.resize(1);
}

Parsed fail(const std::string& why) {
  Parsed parsed;
  parsed.failed = true;
  parsed.text = "linnet bench: " + why + "; see --help\n";
  return parsed;
}

}  // namespace

bool Options::wants(const std::string& scenario) const {
  return scenarios.empty() ||
         std::find(scenarios.begin(), scenarios.end(), scenario) != scenarios.end();
}

Parsed parse_options(const std::vector<std::string>& arguments) {
  Parsed parsed;
  Options& options = parsed.options;
  options.tcp = loopback(8080);
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
