// The whole server as one object: builds the graph of modules, starts it, and takes it down in
// order. main, and whoever embeds the server, start it the same way.
#pragma once

#include "linnet/app/config.hpp"
#include "linnet/base/error.hpp"
#include "linnet/base/log.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace linnet::app {

struct Running {
  std::string tcp;                // address of the TCP door, with the port that was found
  std::string http;               // of HTTP and WebSocket
  std::vector<std::string> grpc;  // none: no gRPC
  std::string data_dir;           // absolute
  std::string development_code;   // accepted for every number; empty outside of development mode
};

// What the configuration's reader cannot see: that files hold what they must, and that no two
// settings exclude each other. To be asked before anything is opened. Error: kBadRequest.
Status check(const Config& config);

// Thread: one owner's.
class Server {
 public:
  // `log` outlives the server. `inherited`: sockets that listen already, which it takes; doors
  // whose addresses are theirs accept from them.
  Server(Config config, Logger& log, std::vector<int> inherited = {});
  // Stops it if it runs.
  ~Server();

  // Opens the store, then the doors; when it returns, clients are served. On an error nothing is
  // left started. Errors: kStorage and kBadRequest, with one sentence for the operator.
  Result<Running> start();
  // Closes the doors, answers what is under way (at most `limit`), commits what is acknowledged,
  // joins every thread.
  void stop(std::chrono::milliseconds limit = std::chrono::seconds(10));

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace linnet::app
