// A server with its limits on, what it refused, and whether it serves others meanwhile.
#pragma once

#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace linnet::test {

// Waits for the other side's end; throws when it does not come.
inline bool ends(Socket& socket) {
  std::string ignored;
  while (socket.receive(ignored)) {
  }
  return true;
}

struct Limited {
  explicit Limited(const std::vector<std::string>& settings)
      : server(dir.path() / "data", arguments(settings)) {}

  static std::vector<std::string> arguments(const std::vector<std::string>& settings) {
    std::vector<std::string> all{"--set", "http.metrics=true"};
    for (const auto& setting : settings)
      all.insert(all.end(), {"--set", setting});
    return all;
  }
  std::uint64_t refused(const std::string& limit) const {
    const auto text = http(server.http_port(), "GET", "/metrics").body;
    const auto name = "linnet_refused_total{limit=\"" + limit + "\"} ";
    const auto at = text.find(name);
    REQUIRE(at != std::string::npos);
    return std::stoull(text.substr(at + name.size()));
  }
  bool refuses_in_time(const std::string& limit, std::uint64_t count) const {
    for (auto until = std::chrono::steady_clock::now() + kPatience;
         std::chrono::steady_clock::now() < until;) {
      if (refused(limit) >= count) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
  // Somebody new signs in, connects and is answered.
  void check_served(const std::string& phone) const {
    auto user = sign_in(server.http_port(), phone);
    auto connection = LongConnection::sign_in(LongConnection::Door::kTcp, server.tcp_port(),
                                              server.http_port(), user);
    send_text(server.http_port(), user, user.id, "here");
    CHECK(text_of(connection.sync(0).at(0)) == "here");
  }
  // The same, as soon as the ends of those who left have been seen: some may wait to be accepted
  // yet, and take the room of a newcomer once more.
  void check_served_again(const std::string& phone) const {
    for (const auto until = std::chrono::steady_clock::now() + kPatience;;
         std::this_thread::sleep_for(std::chrono::milliseconds(10))) {
      try {
        check_served(phone);
        return;
      } catch (const std::runtime_error&) {
        if (std::chrono::steady_clock::now() > until) throw;
      }
    }
  }

  TempDir dir;
  ServerProcess server;
};

}  // namespace linnet::test
