// The real executable as a child process, on free ports and a directory of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/types.h>
#include <vector>

namespace linnet::test {

inline constexpr const char* kCode = "424242";

// What a program printed and how it ended.
struct Outcome {
  int status = -1;  // exit status, or 128 + signal
  std::string out;
  std::string err;
};

// Runs `binary` until it ends; killed after `limit`.
Outcome run_program(const std::string& binary, const std::vector<std::string>& arguments,
                    const std::string& input = {}, const std::vector<std::string>& environment = {},
                    std::chrono::seconds limit = std::chrono::seconds(30));

// Another executable than linnet's own, more in its environment.
struct Launch {
  std::string binary;  // empty: linnet
  std::vector<std::string> environment;
};

// The arguments that give a server two doors to which it can come back when it was away: ports that
// no outgoing connection is given meanwhile.
std::vector<std::string> lasting_ports();

// It ended before it served.
struct DidNotStart : std::runtime_error {
  DidNotStart(int how, const std::string& what) : std::runtime_error(what), status(how) {}
  int status;  // exit status, or 128 + signal
};

class ServerProcess {
 public:
  // Starts `linnet`, in development mode unless `more` ends that, on `data_dir` with `more`
  // arguments, on free ports where these name none, and waits until it serves. Throws DidNotStart.
  explicit ServerProcess(std::filesystem::path data_dir, std::vector<std::string> more = {},
                         const Launch& launch = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  std::uint16_t tcp_port() const { return tcp_port_; }
  std::uint16_t http_port() const { return http_port_; }
  // 0 unless `more` named a grpc.listen.
  std::uint16_t grpc_port() const { return grpc_port_; }
  pid_t pid() const { return pid_; }
  std::string http_address() const { return "127.0.0.1:" + std::to_string(http_port_); }
  std::chrono::milliseconds time_to_ready() const { return time_to_ready_; }

  // When it ends by any of these, no secret that the tests have used may be in its log.
  // SIGTERM, and the exit status (128 + signal when it died of one).
  int stop();
  // As stop(), of one that was told to end already.
  int wait();
  // SIGKILL, and waits.
  void kill();
  bool running();
  // How it ended, also when nobody had told it to: exit status, or 128 + signal; -1: it has not.
  int status() const { return status_; }
  // What it wrote to stderr so far.
  std::string log() const;

 private:
  int wait_for_end();
  void ended(int wait_status);
  void check_log() const;
  std::string log_path_;
  pid_t pid_ = -1;
  int status_ = -1;
  std::uint16_t tcp_port_ = 0;
  std::uint16_t http_port_ = 0;
  std::uint16_t grpc_port_ = 0;
  std::chrono::milliseconds time_to_ready_{0};
};

}  // namespace linnet::test
