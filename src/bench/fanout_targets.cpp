#include "fanout_targets.hpp"

#include <algorithm>
#include <filesystem>

namespace linnet::bench {
namespace {

Door door_of(const Options& options) {
  return options.over_tcp ? Door::kTcp : Door::kWebSocket;
}

std::vector<std::string> settings(const Pinning& pinning, std::size_t pace_ms) {
  std::vector<std::string> settings{"rooms.state_ms=1000000",
                                    "rooms.pace_ms=" + std::to_string(pace_ms)};
  if (pinning.on()) settings.emplace_back("server.io_threads=1");
  return settings;
}

}  // namespace

LinnetUnderLoad::LinnetUnderLoad(const Options& options, const Pinning& pinning,
                                 std::size_t pace_ms)
    : door_(door_of(options)), pace_ms_(pace_ms), server_(options, settings(pinning, pace_ms)) {
  const auto most = *std::max_element(options.members.begin(), options.members.end());
  users_ = sign_up(server_.site(), (pace_ms > 0 ? options.members.front() : most) + 1);
}

Target LinnetUnderLoad::target() const {
  auto name = "Linnet" + (pace_ms_ == 0 ? "" : ", paced " + std::to_string(pace_ms_) + " ms");
  const auto doors = server_.doors();
  return {std::move(name), server_.pid(), door_ == Door::kTcp ? doors.tcp : doors.http,
          [this](std::size_t /*members*/) { return linnet_dialect(door_, users_); }};
}

FloorServer::FloorServer(const Options& options, bool gathers)
    : door_(door_of(options)),
      gathers_(gathers),
      path_(options.floor.empty() ? beside_this("linnet-floor") : options.floor) {
  if (!std::filesystem::exists(path_)) return;
  std::vector<std::string> command{path_};
  if (gathers) command.emplace_back("--gather");
  process_ = std::make_unique<Process>(command, (dir_.path() / "log").string(),
                                       std::vector<std::string>{"floor"});
}

Target FloorServer::target() const {
  return {gathers_ ? "floor, gathering" : "floor", process_->pid(), loopback(process_->port(0)),
          [this](std::size_t members) { return floor_dialect(door_, members); }};
}

}  // namespace linnet::bench
