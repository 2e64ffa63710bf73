// Whom scenario fanout compares: Linnet with its members' accounts, and the floor.
#pragma once

#include "crowd.hpp"
#include "people.hpp"
#include "processors.hpp"
#include "server.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace linnet::bench {

// A server that one message can be published to for many to hear.
struct Target {
  std::string name;
  std::optional<pid_t> pid;
  Address address;
  std::function<std::unique_ptr<Dialect>(std::size_t members)> dialect;
  bool foreign = false;
  std::size_t stuck = 0;  // members that never read
};

// A Linnet with as many users as there are members, and one who publishes.
class LinnetUnderLoad {
 public:
  LinnetUnderLoad(const Options& options, const Pinning& pinning, std::size_t pace_ms);

  Target target() const;

 private:
  Door door_;
  std::size_t pace_ms_;
  Server server_;
  std::vector<Account> users_;
};

// linnet-floor, where it has been built.
class FloorServer {
 public:
  FloorServer(const Options& options, bool gathers);

  bool there() const { return process_ != nullptr; }
  const std::string& path() const { return path_; }
  Target target() const;

 private:
  Door door_;
  bool gathers_;
  std::string path_;
  TempDir dir_;
  std::unique_ptr<Process> process_;
};

}  // namespace linnet::bench
