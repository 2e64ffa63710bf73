// The command line: flags and subcommands, by CLI11.
#include "call_command.hpp"
#include "config_table.hpp"
#include "data_command.hpp"
#include "key_command.hpp"

#include "linnet/app/config.hpp"
#include "linnet/bench/bench.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <unistd.h>

extern char** environ;  // NOLINT: POSIX

namespace linnet::app {
namespace {

constexpr std::size_t kMaxFileBytes = 1024 * 1024;

struct Flags {
  std::string config_file;
  std::vector<std::string> sets;
  std::map<std::string, std::string> values;  // by key
  bool docs = false;
};

void add_key_command(CLI::App& app, KeyCommand& command) {
  auto* key = app.add_subcommand("key", "API keys, with which your own servers call.");
  key->require_subcommand(1);
  auto* create = key->add_subcommand("create", "Make a key; it is printed once, stored never.");
  create->add_option("name", command.name, "What it is for, for your own memory.")
      ->required()
      ->check([](const std::string& name) {
        const bool good = !name.empty() && name.size() <= 64 && on_one_line(name) == name;
        return good ? std::string() : std::string("1 to 64 printable bytes");
      });
  create->add_option("--scope", command.scopes, "What it may be used for; may be repeated.")
      ->required()
      ->check(CLI::IsMember(scope_names()))
      ->allow_extra_args(false);
  create->callback([&command] { command.verb = KeyCommand::Verb::kCreate; });
  key->add_subcommand("list", "List the keys, without what they are.")->callback([&command] {
    command.verb = KeyCommand::Verb::kList;
  });
  auto* revoke = key->add_subcommand("revoke", "End a key, also on a server that runs.");
  revoke->add_option("id", command.id, "The number that create and list give.")->required();
  revoke->callback([&command] { command.verb = KeyCommand::Verb::kRevoke; });
}

void add_data_commands(CLI::App& app, DataCommand& command) {
  using Verb = DataCommand::Verb;
  auto* backup = app.add_subcommand(
      "backup", "Copy the data directory's database, also while a server runs on it.");
  backup->add_option("directory", command.other, "Where to; each backup has its own.")->required();
  backup->callback([&command] { command.verb = Verb::kBackUp; });
  auto* restore =
      app.add_subcommand("restore", "Put a backup into the data directory; no server may run.");
  restore->add_option("directory", command.other, "The backup's.")->required();
  restore->add_flag("--replace", command.replace, "Move aside the database that is there.");
  restore->callback([&command] { command.verb = Verb::kRestore; });
  app.add_subcommand("check", "Look whether the data directory's database is sound.")
      ->callback([&command] { command.verb = Verb::kCheck; });
}

void add_call_command(CLI::App& app, CallCommand& command) {
  using Verb = CallCommand::Verb;
  auto* call = app.add_subcommand("call", "Call a method of a running server, over HTTP.");
  call->add_option("method", command.method,
                   "SendMessage, LogicExt.SendMessage or /pb.LogicExt/SendMessage.");
  call->add_option("request", command.request, "JSON; - reads it from standard input.");
  call->add_option("--server", command.server, "Where the server's HTTP door is.")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  call->add_option("--timeout", command.timeout_s, "How long to wait for the answer.")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  call->add_option_function<std::string>(
          "--sign-in",
          [&command](const std::string& number) {
            command.verb = Verb::kSignIn;
            command.phone_number = number;
          },
          "Sign in, and keep the token for the calls to come.")
      ->type_name("PHONE");
  call->add_option("--code", command.code,
                   "The code for --sign-in; without it, a line of standard input.");
  call->add_flag_callback(
      "--keep-key", [&command] { command.verb = Verb::kKeepKey; },
      "Keep the API key that comes on standard input, for the calls that need one.");
  call->add_flag_callback(
      "--list", [&command] { command.verb = Verb::kList; },
      "List the methods, who may call them, and what they do.");
  call->footer(
      "Credentials are kept in linnet/credentials.json under XDG_CONFIG_HOME or ~/.config.");
}

// Where the XDG base directories have it.
std::string credentials_file(const Environment& environment) {
  const auto value = [&](const char* name) {
    auto it = environment.find(name);
    return it == environment.end() ? std::string() : it->second;
  };
  // A relative path there is to be ignored.
  if (auto config = value("XDG_CONFIG_HOME"); config.starts_with('/'))
    return config + "/linnet/credentials.json";
  const auto home = value("HOME");
  return home.empty() ? home : home + "/.config/linnet/credentials.json";
}

CommandLine refuse_line(int status, std::string line) {
  CommandLine result;
  result.action = CommandLine::Action::kFail;
  result.exit_status = status;
  result.text = std::move(line);
  return result;
}

CommandLine calling(CallCommand call, const Environment& environment) {
  if (call.verb == CallCommand::Verb::kCall && call.method.empty())
    return refuse_line(kExitUsage, "call: which method? (see linnet call --help)");
  CommandLine result;
  result.action = CommandLine::Action::kCall;
  result.call = std::move(call);
  result.call.credentials_file = credentials_file(environment);
  return result;
}

CommandLine printed(std::string text) {
  CommandLine result;
  result.action = CommandLine::Action::kPrint;
  result.text = std::move(text);
  return result;
}

CommandLine benching(const std::vector<std::string>& arguments) {
  CommandLine result;
  result.action = CommandLine::Action::kBench;
  result.bench.assign(arguments.begin() + 1, arguments.end());
  return result;
}

void add_flags(CLI::App& app, Flags& flags) {
  auto value = [&](const char* flag, const char* key, const char* type) {
    app.add_option_function<std::string>(
           flag, [&flags, key](const std::string& given) { flags.values[key] = given; },
           find_setting(key)->doc)
        ->type_name(type);
  };
  value("--tcp-listen", "tcp.listen", "HOST:PORT");
  value("--http-listen", "http.listen", "HOST:PORT");
  value("--data-dir", "server.data_dir", "DIR");
  value("--io-threads", "server.io_threads", "N");
  value("--log-level", "server.log_level", "LEVEL");
  value("--dev-code", "user.dev_code", "CODE");
  app.add_option("--config", flags.config_file, "Read this TOML file.")->type_name("FILE");
  app.add_option("--set", flags.sets, "Set any key of the configuration; may be repeated.")
      ->type_name("section.key=value")
      ->allow_extra_args(false);
}

// What Kubernetes tells every pod of a Service called `linnet`, or `linnet-` and more, as in
// LINNET_SERVICE_HOST, LINNET_SERVICE_PORT_HTTP, LINNET_PORT and LINNET_PORT_8081_TCP_ADDR.
bool is_of_a_service(std::string_view name, std::string_view value) {
  if (name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT")) return true;
  if (name.find("_SERVICE_PORT_") != std::string_view::npos) return true;
  // A number there is meant for this program, which has no such setting.
  if (name.ends_with("_PORT") && value.find("://") != std::string_view::npos) return true;
  constexpr std::string_view kPort = "_PORT_";
  const auto port = name.find(kPort);
  if (port == std::string_view::npos || port + kPort.size() == name.size()) return false;
  const char first = name[port + kPort.size()];
  return first >= '0' && first <= '9';
}

// The environment's own settings: every other LINNET_ name must be one.
Status read_environment(Config& config, const Environment& environment) {
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("LINNET_")) continue;
    const Setting* found = nullptr;
    for (const auto& setting : settings())
      if (environment_name(setting) == name) found = &setting;
    if (found == nullptr && is_of_a_service(name, value)) continue;
    if (found == nullptr)
      return Error(ErrCode::kBadRequest,
                   "environment: " + on_one_line(name) + " is no setting of this program");
    auto set = set_value(config, found->key, value, "environment " + name);
    if (!set) return set;
  }
  return success();
}

Status read_file(Config& config, const std::string& path) {
  // Not by the stream's own operator: it takes an empty file for a failure.
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !file.eof())
    return Error(ErrCode::kBadRequest,
                 "--config: cannot read '" + on_one_line(path) + "' as a file of at most 1 MiB");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return read_toml(config, text, on_one_line(path));
}

Status read_flags(Config& config, const Flags& flags) {
  for (const auto& set : flags.sets) {
    auto equals = set.find('=');
    if (equals == std::string::npos)
      return Error(ErrCode::kBadRequest,
                   "--set " + on_one_line(set) + ": must be section.key=value");
    auto done = set_value(config, set.substr(0, equals), set.substr(equals + 1), "--set");
    if (!done) return done;
  }
  for (const auto& [key, value] : flags.values) {
    auto done = set_value(config, key, value, "command line");
    if (!done) return done;
  }
  return success();
}

Status read_all(Config& config, const Flags& flags, const Environment& environment) {
  if (!flags.config_file.empty()) {
    auto read = read_file(config, flags.config_file);
    if (!read) return read;
  }
  auto read = read_environment(config, environment);
  if (!read) return read;
  return read_flags(config, flags);
}

Environment system_environment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string text(*entry);
    auto equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return environment;
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const Environment& environment) {
  // Its options are its own, also those that have the name of another.
  if (!arguments.empty() && arguments.front() == "bench") return benching(arguments);
  Flags flags;
  KeyCommand key;
  DataCommand data;
  CallCommand call;
  CLI::App app{"Linnet, an instant-messaging server in one executable.", "linnet"};
  app.set_version_flag("--version", "linnet " + std::string(kVersion));
  app.require_subcommand(0, 1);
  app.fallthrough();
  add_flags(app, flags);
  app.add_subcommand("serve", "Serve (what happens without a subcommand).");
  auto* config_command =
      app.add_subcommand("config", "Print the configuration in force, as a TOML file.");
  config_command->add_flag("--docs", flags.docs, "Print its documentation instead.");
  add_key_command(app, key);
  add_data_commands(app, data);
  add_call_command(app, call);
  app.add_subcommand("bench", "Load a server and say what that costs; comes before all flags.");
  auto* version_command = app.add_subcommand("version", "Print the version.");
  app.footer("Every setting: docs/configuration.md, or `linnet config`.");

  try {
    // CLI11 takes the arguments last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return printed(app.help());
  } catch (const CLI::CallForVersion& version) {
    return printed(std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    return refuse_line(kExitUsage, on_one_line(error.what()) + " (see linnet --help)");
  }
  if (version_command->parsed()) return printed("linnet " + std::string(kVersion) + "\n");
  if (config_command->parsed() && flags.docs) return printed(configuration_document());
  if (app.got_subcommand("bench"))
    return refuse_line(kExitUsage, "bench comes first (see linnet bench --help)");
  if (app.got_subcommand("call")) return calling(std::move(call), environment);

  CommandLine result;
  auto read = read_all(result.config, flags, environment);
  if (!read) return refuse_line(kExitConfig, read.error().message());
  if (config_command->parsed()) return printed(to_toml(result.config));
  if (app.got_subcommand("key")) {
    result.action = CommandLine::Action::kKey;
    result.key = std::move(key);
  }
  for (const char* name : {"backup", "restore", "check"}) {
    if (!app.got_subcommand(name)) continue;
    result.action = CommandLine::Action::kData;
    result.data = data;
  }
  return result;
}

int run_command_line(int argc, char** argv, const std::function<int(const Config&)>& serve) {
  auto command = parse_command_line({argv + 1, argv + argc}, system_environment());
  switch (command.action) {
    case CommandLine::Action::kServe: return serve(command.config);
    case CommandLine::Action::kKey: return run_key_command(command.config, command.key);
    case CommandLine::Action::kData: return run_data_command(command.config, command.data);
    case CommandLine::Action::kCall: return run_call_command(command.call);
    case CommandLine::Action::kBench: return bench::run(command.bench);
    case CommandLine::Action::kPrint: std::fputs(command.text.c_str(), stdout); return 0;
    case CommandLine::Action::kFail:
      std::fprintf(stderr, "linnet: %s\n", command.text.c_str());
      return command.exit_status;
  }
  return kExitFailure;
}

}  // namespace linnet::app
