// The server under load: the real executable on a temporary directory.
#pragma once

#include "measure.hpp"
#include "options.hpp"
#include "peer.hpp"
#include "process.hpp"
#include "support/server_process.hpp"
#include "support/temp_dir.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace linnet::bench {

// Ends the process, by its id, and removes the directory however it goes out of scope.
class Server {
 public:
  // `settings`, each KEY=VALUE, give way to those of the options.
  explicit Server(const Options& options, const std::vector<std::string>& settings = {})
      : arguments_{beside_this("linnet"), "--data-dir",  (dir_.path() / "data").string(),
                   "--tcp-listen",        "127.0.0.1:0", "--http-listen",
                   "127.0.0.1:0",         "--dev-code",  test::kCode} {
    add("grpc.listen=");
    add("limits.enabled=false");
    add("logic.require_friendship=false");
    add("server.log_level=warn");
    for (const auto& setting : settings)
      add(setting);
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
  Ports ports() const { return {process_->port(0), process_->port(1)}; }
  pid_t pid() const { return process_->pid(); }
  Nanos cpu() const { return cpu_of(pid()); }
  Memory memory() const { return memory_of(pid()); }
  // From before the start to when it serves.
  Nanos time_to_ready() const { return time_to_ready_; }

 private:
  void add(const std::string& setting) {
    arguments_.emplace_back("--set");
    arguments_.push_back(setting);
  }
  void start() {
    auto begin = now();
    process_ = std::make_unique<Process>(arguments_, (dir_.path() / "log").string(),
                                         std::vector<std::string>{"tcp", "http"});
    time_to_ready_ = now() - begin;
  }

  test::TempDir dir_;
  std::vector<std::string> arguments_;
  std::unique_ptr<Process> process_;
  Nanos time_to_ready_ = 0;
};

}  // namespace linnet::bench
