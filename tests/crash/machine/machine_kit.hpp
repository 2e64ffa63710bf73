// A server on a false machine, and who speaks to it.
#pragma once

#include "false_machine.hpp"
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace linnet::test {

using Door = LongConnection::Door;

// True as soon as `condition` holds; false after kPatience.
template <class Condition>
bool eventually(Condition condition) {
  for (const auto end = std::chrono::steady_clock::now() + kPatience;;
       std::this_thread::sleep_for(std::chrono::milliseconds(5))) {
    if (condition()) return true;
    if (std::chrono::steady_clock::now() > end) return false;
  }
}

class MappedMachine {
 public:
  explicit MappedMachine(const std::filesystem::path& file) {
    const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(FalseMachine)) != 0) throw std::runtime_error("no file");
    void* at = mmap(nullptr, sizeof(FalseMachine), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at == MAP_FAILED) throw std::runtime_error("not mapped");
    machine_ = static_cast<FalseMachine*>(at);
  }
  ~MappedMachine() { munmap(machine_, sizeof(FalseMachine)); }
  MappedMachine(const MappedMachine&) = delete;
  MappedMachine& operator=(const MappedMachine&) = delete;
  FalseMachine* operator->() { return machine_; }

 private:
  FalseMachine* machine_ = nullptr;
};

struct OnFalseMachine {
  explicit OnFalseMachine(const std::vector<std::string>& settings = {})
      : machine(dir.path() / "machine"),
        server(dir.path() / "data", arguments(settings), launch()) {}

  static std::vector<std::string> arguments(const std::vector<std::string>& settings) {
    std::vector<std::string> all{"--set", "logic.require_friendship=false"};
    for (const auto& setting : settings)
      all.insert(all.end(), {"--set", setting});
    return all;
  }
  Launch launch() const {
    Launch launch;
    launch.environment = {std::string("LD_PRELOAD=") + LINNET_FALSE_MACHINE,
                          std::string(kFalseMachine) + "=" + (dir.path() / "machine").string()};
    return launch;
  }
  LongConnection connect(const TestUser& user, Door door = Door::kTcp) const {
    return LongConnection::sign_in(door, server.tcp_port(), server.http_port(), user);
  }
  HttpAnswer ready() const { return http(server.http_port(), "GET", "/readyz"); }

  TempDir dir;
  MappedMachine machine;
  ServerProcess server;
};

// Over a long connection; packets that are not the answer are skipped.
inline pb::Output answer_to(LongConnection& connection, std::int64_t id) {
  for (;;) {
    auto packet = connection.receive();
    if (!packet) throw std::runtime_error("the connection has ended");
    if (packet->request_id() == id) return *packet;
  }
}

// Sends and returns the sender's seq, over a long connection.
inline Seq say(LongConnection& connection, UserId to, const std::string& text, std::int64_t id) {
  pb::CallInput call;
  call.set_method("/pb.LogicExt/SendMessage");
  call.set_request(text_to(to, text, id).SerializeAsString());
  connection.send(pb::PT_CALL, id, call.SerializeAsString());
  const auto packet = answer_to(connection, id);
  INFO(packet.message());
  REQUIRE(packet.code() == 0);
  pb::CallOutput output;
  pb::SendMessageResp response;
  REQUIRE(output.ParseFromString(packet.data()));
  REQUIRE(response.ParseFromString(output.response()));
  return Seq(response.seq());
}

inline void beat(LongConnection& connection) {
  connection.send(pb::PT_HEARTBEAT, 0, {});
  for (;;) {
    auto packet = connection.receive();
    if (!packet) throw std::runtime_error("the connection has ended");
    if (packet->type() == pb::PT_HEARTBEAT) return;
  }
}

}  // namespace linnet::test
