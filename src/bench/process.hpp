// A child process that says where it listens.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace linnet::bench {

// Ends with this object, and with the process that started it, whatever becomes of that.
class Process {
 public:
  // Starts `arguments`, the first of which is the executable, with stderr appended to `log_path`,
  // and waits until it has printed a line "NAME HOST:PORT" for each of `names`. Throws when it does
  // not come to that.
  Process(const std::vector<std::string>& arguments, const std::string& log_path,
          const std::vector<std::string>& names);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  // Of the name at that place.
  std::uint16_t port(std::size_t name) const { return ports_[name]; }
  // SIGTERM, and waits for the end.
  void stop();

 private:
  void read_ports(int output, const std::vector<std::string>& names, const std::string& log_path);
  void end(int signal);

  pid_t pid_ = -1;
  std::vector<std::uint16_t> ports_;
};

// The executable `name` in the directory of this one.
std::string beside_this(const std::string& name);

}  // namespace linnet::bench
