// The server under load: the real executable on a temporary directory.
#pragma once

#include "measure.hpp"
#include "options.hpp"
#include "peer.hpp"
#include "support/server_process.hpp"
#include "support/temp_dir.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace linnet::bench {

// Ends the process, by its id, and removes the directory however it goes out of scope.
class Server {
 public:
  explicit Server(const Options& options)
      : arguments_{"--set", "logic.require_friendship=false", "--set", "server.log_level=warn"} {
    arguments_.insert(arguments_.end(), options.server_arguments.begin(),
                      options.server_arguments.end());
    start();
  }

  // The same data, a new process.
  void restart() {
    process_->stop();
    start();
  }

  const std::filesystem::path& directory() const { return dir_.path(); }
  Ports ports() const { return {process_->tcp_port(), process_->http_port()}; }
  Nanos cpu() const { return cpu_of(process_->pid()); }
  Memory memory() const { return memory_of(process_->pid()); }
  // From before the start to when it serves.
  Nanos time_to_ready() const { return time_to_ready_; }

 private:
  void start() {
    auto begin = now();
    process_ = std::make_unique<test::ServerProcess>(dir_.path() / "data", arguments_);
    time_to_ready_ = now() - begin;
  }

  test::TempDir dir_;
  std::vector<std::string> arguments_;
  std::unique_ptr<test::ServerProcess> process_;
  Nanos time_to_ready_ = 0;
};

}  // namespace linnet::bench
