// The configuration: plain values, a member for each key of the table in src/app/config_table.cpp.
// Read from a TOML file, the environment and the command line; a flag wins over the environment,
// that over the file, that over the default.
#pragma once

#include "linnet/base/error.hpp"
#include "linnet/base/log.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::app {

inline constexpr const char* kVersion = LINNET_VERSION;

struct Config {
  struct {
    std::string data_dir = "linnet-data";
    std::int64_t io_threads = 0;  // 0: as many as there are cores
    bool io_uring = true;
    LogLevel log_level = LogLevel::kInfo;
    std::int64_t drain_delay_ms = 0;
  } server;
  struct {
    std::string listen = "127.0.0.1:8080";
  } tcp;
  struct {
    std::string listen = "127.0.0.1:8081";
    std::vector<std::string> allowed_origins;
    std::int64_t body_bytes = 262144;
    std::int64_t head_timeout_ms = 10000;
    std::int64_t idle_s = 60;
    bool metrics = false;
  } http;
  struct {
    // The ports of the lineage's two services.
    std::vector<std::string> listen{"127.0.0.1:50001", "127.0.0.1:50301"};
  } grpc;
  struct {
    std::string synchronous = "full";
    std::int64_t readers = 2;
    std::int64_t batch = 512;
    std::int64_t queue = 65536;
    std::int64_t commit_delay_us = 1500;
    std::int64_t merge_slice_ms = 2;
    std::int64_t merge_after = 524'288;
    std::int64_t cache_bytes = 67'108'864;
  } store;
  struct {
    std::int64_t sign_in_timeout_ms = 10000;
    std::int64_t sync_grace_ms = 2000;
    std::int64_t tcp_idle_s = 660;
    std::int64_t ws_idle_s = 720;
    std::int64_t stream_heartbeat_s = 15;
    std::int64_t outbox_bytes = 262144;
    std::int64_t page_entries = 100;
  } session;
  struct {
    std::string mode = "builtin";
    std::string hook;
    std::int64_t hook_cache_s = 60;
    std::string dev_code;
    std::int64_t token_days = 90;
    bool search = true;
    bool passwords = false;
    std::int64_t password_threads = 2;
  } user;
  struct {
    std::string hook;
  } codes;
  struct {
    std::string algorithm;
    std::string key_file;
    std::string jwks_url;
    std::string user_claim = "sub";
    std::string device_claim = "device_id";
    std::string issuer;
    std::string audience;
  } jwt;
  struct {
    std::string secret_file;
    std::string ca_file;
    std::int64_t timeout_ms = 5000;
    std::int64_t at_once = 32;
    std::int64_t queue = 1024;
  } hook;
  struct {
    std::string policy = "any";
  } devices;
  struct {
    bool require_friendship = true;
    std::int64_t message_bytes = 60000;
    std::int64_t mentions = 500;
  } logic;
  struct {
    std::int64_t small_members = 500;
    std::int64_t large_members = 1000000;
  } groups;
  struct {
    std::int64_t per_connection = 16;
    std::int64_t message_bytes = 8192;
    std::int64_t history = 50;
    std::int64_t history_bytes = 49152;
    bool history_on_disk = false;
    std::int64_t keep_s = 60;
    std::int64_t pace_ms = 0;
    std::int64_t state_ms = 5000;
    std::int64_t log_messages = 1000;
    std::int64_t log_bytes = 524288;
    std::int64_t member_bytes = 65536;
    bool open = true;
    std::string create = "servers";
    std::int64_t rights = 10000;
  } rooms;
  struct {
    std::int64_t per_second = 20000;
  } broadcast;
  struct {
    bool enabled = true;
    std::int64_t connections = 0;  // 0: what the limit of open files allows
    std::int64_t connections_per_address = 1000;
    std::int64_t accepts_per_second = 2500;
    std::int64_t unsent_bytes = 536870912;
    std::int64_t http_bytes = 268435456;
    std::int64_t room_history_bytes = 268435456;
    std::int64_t room_log_bytes = 268435456;
    std::int64_t bytes_per_second = 1048576;
    std::int64_t bytes_burst = 1048576;
    std::int64_t bad_tokens_per_minute = 300;
    std::int64_t join_per_second = 50;
    std::int64_t join_burst = 500;
    std::int64_t write_per_second = 100;
    std::int64_t write_burst = 500;
    std::int64_t read_per_second = 200;
    std::int64_t read_burst = 1000;
    std::int64_t server_per_second = 5000;
    std::int64_t server_burst = 20000;
    std::int64_t code_failures_per_minute = 10;
    std::int64_t all_code_failures_per_minute = 1000;
    std::int64_t codes_per_minute = 10;
    std::int64_t codes_burst = 20;
    std::int64_t searches_per_minute = 60;
    std::int64_t searches_burst = 30;
    std::int64_t packets_per_second = 500;
    std::int64_t packets_burst = 2000;
    std::int64_t refusals_per_second = 50;
    std::int64_t refusals_burst = 20;
    std::int64_t friends_per_user = 5000;
    std::int64_t groups_per_user = 1000;
    std::int64_t devices_per_user = 100;
    std::int64_t rooms_per_day = 50;
    std::int64_t room_per_second = 10;
    std::int64_t room_burst = 20;
  } limits;
};

using Environment = std::map<std::string, std::string>;

// Exit statuses, from sysexits(3) where it has one.
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitConfig = 78;

// What `linnet key` is to do.
struct KeyCommand {
  enum class Verb { kCreate, kList, kRevoke };
  Verb verb = Verb::kList;
  std::string name;                 // of the key to be made
  std::vector<std::string> scopes;  // at least one
  std::int64_t id = 0;              // of the key to be revoked
};

// What `linnet backup`, `linnet restore` or `linnet check` is to do, on the data directory.
struct DataCommand {
  enum class Verb { kBackUp, kRestore, kCheck };
  Verb verb = Verb::kCheck;
  std::string other;     // the backup's directory
  bool replace = false;  // a database that is there
};

// What `linnet call` is to do.
struct CallCommand {
  enum class Verb { kCall, kList, kSignIn, kKeepKey };
  Verb verb = Verb::kCall;
  std::string method;
  std::string request = "{}";  // JSON; "-": from standard input
  std::string server = "127.0.0.1:8081";
  std::string phone_number;
  std::string code;  // empty: a line of standard input
  std::int64_t timeout_s = 10;
  std::string credentials_file;  // empty: the environment does not say where
};

struct CommandLine {
  enum class Action { kServe, kPrint, kFail, kKey, kData, kCall, kBench };
  Action action = Action::kServe;
  Config config;
  KeyCommand key;
  DataCommand data;
  CallCommand call;
  std::vector<std::string> bench;  // what stood behind the word
  std::string
      text;  // to print on stdout (kPrint), or the one line of what is wrong for stderr (kFail)
  int exit_status = 0;
};

// What the arguments (without the program's name), the environment (LINNET_SECTION_KEY) and the
// file they name come to. A failure's line names the key, the value, where it stands and what is
// allowed. Thread: any.
CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const Environment& environment);

// Sets one key from text. Error: kBadRequest, a line that begins with `source`.
Status set_value(Config& config, std::string_view key, std::string_view value,
                 std::string_view source);
// Reads TOML; `name` stands in errors.
Status read_toml(Config& config, std::string_view text, const std::string& name);

// The effective configuration as a TOML file that says the same.
std::string to_toml(const Config& config);
// docs/configuration.md.
std::string configuration_document();

// main: parses, prints or serves; gives the exit status.
int run_command_line(int argc, char** argv, const std::function<int(const Config&)>& serve);

}  // namespace linnet::app
