// The operator's own server as a test plays it: answers each HTTP request with what a function
// says, on a free port of the loopback and a thread of its own, one connection after the other.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace linnet::test {

struct HookRequest {
  std::string line;                            // "POST /path HTTP/1.1"
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

struct HookAnswer {
  int status = 200;
  std::string body;
  std::string raw;  // sent instead of an answer, if it is not empty
};

class HookServer {
 public:
  // Nothing: the request is not answered, and its connection kept open.
  using Handler = std::function<std::optional<HookAnswer>(const HookRequest&)>;

  explicit HookServer(Handler handler);
  ~HookServer();
  HookServer(const HookServer&) = delete;
  HookServer& operator=(const HookServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path = "/") const;
  // Every request so far.
  std::vector<HookRequest> requests() const;

 private:
  void serve();
  void serve_one(int fd);

  Handler handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> ends_{false};
  mutable std::mutex mutex_;
  std::vector<HookRequest> requests_;
  std::vector<int> kept_open_;  // on the thread
  std::thread thread_;
};

}  // namespace linnet::test
