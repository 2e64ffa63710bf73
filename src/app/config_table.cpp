#include "config_table.hpp"

#include "setting_kinds.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace linnet::app {
namespace {

constexpr std::array<std::string_view, 5> kLevels{"debug", "info", "warn", "error", "off"};

bool is_listen_address(std::string_view value) {
  auto colon = value.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  auto host = value.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  std::string name(bracketed ? host.substr(1, host.size() - 2) : host);
  if (bracketed) name.resize(std::min(name.size(), name.find('%')));  // of a link
  in6_addr parsed{};
  if (name != "localhost" && inet_pton(bracketed ? AF_INET6 : AF_INET, name.c_str(), &parsed) != 1)
    return false;
  auto port = value.substr(colon + 1);
  unsigned number = 0;
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc() && end == port.data() + port.size() && number <= 65535;
}

bool is_origin(std::string_view value) {
  auto scheme = value.find("://");
  if (scheme == std::string_view::npos) return false;
  auto name = value.substr(0, scheme);
  auto host = value.substr(scheme + 3);
  return (name == "http" || name == "https") && !host.empty() && is_plain_text(host) &&
         host.find_first_of("/?#@ *") == std::string_view::npos;
}

Setting log_level() {
  Setting setting;
  setting.key = "server.log_level";
  setting.doc = "From which level on lines are written to stderr.";
  setting.allowed = "debug, info, warn, error or off";
  setting.is_text = true;
  setting.set = [](Config& config, std::string_view value) {
    const auto* found = std::find(kLevels.begin(), kLevels.end(), value);
    if (found == kLevels.end()) return false;
    config.server.log_level = static_cast<LogLevel>(found - kLevels.begin());
    return true;
  };
  setting.get = [](const Config& config) {
    return std::string(kLevels.at(static_cast<std::size_t>(config.server.log_level)));
  };
  return setting;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string list;
  for (const auto& part : parts)
    list += (list.empty() ? "" : ",") + part;
  return list;
}

Setting allowed_origins() {
  Setting setting;
  setting.key = "http.allowed_origins";
  setting.doc =
      "Origins of web pages, beside the server's own, that may call it and open WebSockets.";
  setting.allowed = "origins like https://example.com, compared exactly";
  setting.is_text = true;
  setting.is_list = true;
  setting.set = [](Config& config, std::string_view value) {
    auto origins = split_list(value);
    if (!std::all_of(origins.begin(), origins.end(), is_origin)) return false;
    config.http.allowed_origins = std::move(origins);
    return true;
  };
  setting.get = [](const Config& config) { return joined(config.http.allowed_origins); };
  return setting;
}

Setting grpc_listen() {
  Setting setting;
  setting.key = "grpc.listen";
  setting.doc =
      "Where gRPC clients connect; every address serves every method. Empty: no gRPC. Without "
      "effect "
      "in a program built without it.";
  setting.allowed = "addresses HOST:PORT or [IPv6]:PORT";
  setting.is_text = true;
  setting.is_list = true;
  setting.set = [](Config& config, std::string_view value) {
    auto addresses = split_list(value);
    if (!std::all_of(addresses.begin(), addresses.end(), is_listen_address)) return false;
    config.grpc.listen = std::move(addresses);
    return true;
  };
  setting.get = [](const Config& config) { return joined(config.grpc.listen); };
  return setting;
}

void add_server(std::vector<Setting>& all) {
  all.push_back(text(
      "server.data_dir", "The directory with everything the server keeps; made if it is missing.",
      "a path", [](std::string_view v) { return !v.empty(); }, LINNET_MEMBER(server.data_dir)));
  all.push_back(integer("server.io_threads", "Threads that serve connections; 0: one per core.", 0,
                        256, LINNET_MEMBER(server.io_threads)));
  all.push_back(
      boolean("server.io_uring",
              "Rooms send to many members in one system call, where the kernel allows it.",
              LINNET_MEMBER(server.io_uring)));
  all.push_back(log_level());
  all.push_back(integer("server.drain_delay_ms",
                        "At the end /readyz says so for so long before the doors close, for a"
                        " balancer to send nobody any more.",
                        0, 600000, LINNET_MEMBER(server.drain_delay_ms)));
  all.push_back(text("tcp.listen", "Where TCP clients connect; port 0: any that is free.",
                     "HOST:PORT or [IPv6]:PORT", is_listen_address, LINNET_MEMBER(tcp.listen)));
  all.push_back(text("http.listen", "Where HTTP and WebSocket clients connect.",
                     "HOST:PORT or [IPv6]:PORT", is_listen_address, LINNET_MEMBER(http.listen)));
  all.push_back(allowed_origins());
  all.push_back(integer("http.body_bytes", "The largest body of a call.", 1024, 64 * kMillion,
                        LINNET_MEMBER(http.body_bytes)));
  all.push_back(integer("http.head_timeout_ms",
                        "How long the head of a request may take, that of a WebSocket's handshake"
                        " too; then 408.",
                        10, 600000, LINNET_MEMBER(http.head_timeout_ms)));
  all.push_back(integer("http.idle_s",
                        "A connection without a request for so long is closed, as is one whose"
                        " body or answer takes longer, and one over gRPC without a call; a call"
                        " over gRPC whose request takes longer is ended.",
                        1, kMillion, LINNET_MEMBER(http.idle_s)));
  all.push_back(boolean("http.metrics",
                        "GET /metrics says, to whoever reaches this address, what was refused by"
                        " which limit and how long commits took, for Prometheus.",
                        LINNET_MEMBER(http.metrics)));
  all.push_back(grpc_listen());
}

void add_store(std::vector<Setting>& all) {
  all.push_back(text(
      "store.synchronous",
      "full: an acknowledged message survives a power loss. normal: faster, it survives a crash of "
      "the process but perhaps not of the machine.",
      "full or normal", [](std::string_view v) { return v == "full" || v == "normal"; },
      LINNET_MEMBER(store.synchronous)));
  all.push_back(integer("store.readers", "Threads that read the database.", 1, 64,
                        LINNET_MEMBER(store.readers)));
  all.push_back(integer("store.batch", "The most writes in one commit.", 1, 100000,
                        LINNET_MEMBER(store.batch)));
  all.push_back(integer("store.commit_delay_us",
                        "While several write at once, commits begin at least so long after each"
                        " other: fewer syncs, each for more. 0: as soon as there is something.",
                        0, 100'000, LINNET_MEMBER(store.commit_delay_us)));
  all.push_back(integer("store.queue", "Writes that may wait; one more is refused as busy.", 1,
                        10 * kMillion, LINNET_MEMBER(store.queue)));
  all.push_back(integer("store.merge_slice_ms",
                        "How long the inbox index may be built between two commits.", 1, 1000,
                        LINNET_MEMBER(store.merge_slice_ms)));
  all.push_back(
      integer("store.merge_after",
              "Inbox entries kept in memory, without a pause in the sending, before they are built "
              "into the index: some tens of bytes each, and after a crash they are read again.",
              1, 10 * kMillion, LINNET_MEMBER(store.merge_after)));
  all.push_back(integer("store.cache_bytes",
                        "Pages of the database that the writer keeps in memory; each reader keeps a"
                        " quarter of that. They fill as they are used.",
                        kMillion, 100'000 * kMillion, LINNET_MEMBER(store.cache_bytes)));
}

void add_session(std::vector<Setting>& all) {
  all.push_back(integer("session.sign_in_timeout_ms", "How long a TCP client may take to sign in.",
                        10, 600000, LINNET_MEMBER(session.sign_in_timeout_ms)));
  all.push_back(integer("session.sync_grace_ms",
                        "How long pushes wait for the client's first sync.", 0, 600000,
                        LINNET_MEMBER(session.sync_grace_ms)));
  all.push_back(integer("session.tcp_idle_s", "A TCP connection silent for so long is closed.", 1,
                        kMillion, LINNET_MEMBER(session.tcp_idle_s)));
  all.push_back(integer("session.ws_idle_s", "A WebSocket silent for so long is closed.", 1,
                        kMillion, LINNET_MEMBER(session.ws_idle_s)));
  all.push_back(integer("session.stream_heartbeat_s",
                        "After so long without a message a stream over HTTP is sent a heartbeat.",
                        1, kMillion, LINNET_MEMBER(session.stream_heartbeat_s)));
  all.push_back(integer("session.outbox_bytes",
                        "Unsent bytes at which a connection falls behind and is caught up from the "
                        "store instead of from memory.",
                        1024, 64 * kMillion, LINNET_MEMBER(session.outbox_bytes)));
  all.push_back(integer("session.page_entries", "Messages read at once when a client catches up.",
                        1, 10000, LINNET_MEMBER(session.page_entries)));
}

void add_logic(std::vector<Setting>& all) {
  all.push_back(boolean("logic.require_friendship", "Only friends may write to each other.",
                        LINNET_MEMBER(logic.require_friendship)));
  all.push_back(integer("logic.message_bytes", "The largest content of a message.", 1, 60000,
                        LINNET_MEMBER(logic.message_bytes)));
  all.push_back(integer("logic.mentions", "The most users mentioned in a message.", 0, 500,
                        LINNET_MEMBER(logic.mentions)));
}

void add_groups(std::vector<Setting>& all) {
  all.push_back(integer("groups.small_members",
                        "The most members of a small group: each gets an entry for each message.",
                        2, 5000, LINNET_MEMBER(groups.small_members)));
  all.push_back(integer("groups.large_members", "The most members of a large group.", 2,
                        100 * kMillion, LINNET_MEMBER(groups.large_members)));
}

void add_rooms(std::vector<Setting>& all) {
  all.push_back(boolean("rooms.open", "A room that nobody has made is there all the same.",
                        LINNET_MEMBER(rooms.open)));
  all.push_back(text(
      "rooms.create", "Who may make rooms: the operator's servers, or every user.",
      "servers or anyone", [](std::string_view v) { return v == "servers" || v == "anyone"; },
      LINNET_MEMBER(rooms.create)));
  all.push_back(integer("rooms.rights",
                        "The most users of one room that have a role, are muted or banned.", 1,
                        1000000, LINNET_MEMBER(rooms.rights)));
  all.push_back(integer("rooms.per_connection", "The most live rooms of one connection.", 1, 1000,
                        LINNET_MEMBER(rooms.per_connection)));
  all.push_back(integer("rooms.message_bytes", "The largest content of a message in a room.", 1,
                        48000, LINNET_MEMBER(rooms.message_bytes)));
  all.push_back(integer("rooms.history", "Messages of a room kept for who comes later.", 0, 1000,
                        LINNET_MEMBER(rooms.history)));
  all.push_back(integer("rooms.history_bytes", "The most bytes of them.", 1024, 49152,
                        LINNET_MEMBER(rooms.history_bytes)));
  all.push_back(boolean("rooms.history_on_disk",
                        "Rooms remember them beyond their emptiness and the server's end.",
                        LINNET_MEMBER(rooms.history_on_disk)));
  all.push_back(integer("rooms.keep_s", "How long a room that nobody is in is remembered.", 0,
                        kMillion, LINNET_MEMBER(rooms.keep_s)));
  all.push_back(integer("rooms.pace_ms",
                        "At least so long from one send of a room's messages to each member to the "
                        "next, which has all that came meanwhile; 0: as fast as it goes.",
                        0, 1000, LINNET_MEMBER(rooms.pace_ms)));
  all.push_back(integer("rooms.state_ms", "How often a room tells how many are in it.", 100,
                        kMillion, LINNET_MEMBER(rooms.state_ms)));
  all.push_back(integer("rooms.log_messages",
                        "Messages of a room kept for members that are slow; beyond it they miss "
                        "the oldest of the lowest priority.",
                        1, kMillion, LINNET_MEMBER(rooms.log_messages)));
  all.push_back(integer("rooms.log_bytes", "The most bytes of them.", 65536, 1000 * kMillion,
                        LINNET_MEMBER(rooms.log_bytes)));
  all.push_back(integer("rooms.member_bytes",
                        "Unsent bytes of a connection at which its rooms wait.", 1024,
                        64 * kMillion, LINNET_MEMBER(rooms.member_bytes)));
  all.push_back(integer("broadcast.per_second",
                        "How many devices a broadcast to everybody reaches in a second.", 1,
                        kMillion, LINNET_MEMBER(broadcast.per_second)));
}

std::vector<Setting> make_settings() {
  std::vector<Setting> all;
  add_server(all);
  add_store(all);
  add_session(all);
  add_account_settings(all);
  add_logic(all);
  add_groups(all);
  add_rooms(all);
  add_limit_settings(all);
  return all;
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = make_settings();
  return all;
}

const Setting* find_setting(std::string_view key) {
  for (const auto& setting : settings())
    if (setting.key == key) return &setting;
  return nullptr;
}

std::string environment_name(const Setting& setting) {
  std::string name = "LINNET_";
  for (char c : setting.key)
    name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string on_one_line(std::string_view text) {
  constexpr std::size_t kMost = 200;
  std::string line(text.substr(0, kMost));
  std::replace_if(line.begin(), line.end(), is_control, '?');
  return text.size() > kMost ? line + "..." : line;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    auto comma = text.find(',');
    auto part = text.substr(0, comma);
    if (!part.empty()) parts.emplace_back(part);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return parts;
}

std::string toml_value(const Setting& setting, const Config& config) {
  auto value = setting.get(config);
  if (!setting.is_text) return value;
  if (!setting.is_list) return in_quotes(value);
  std::string list = "[";
  for (const auto& part : split_list(value))
    list += (list.size() > 1 ? ", " : "") + in_quotes(part);
  return list + "]";
}

}  // namespace linnet::app
